//! Which requests are the filter's, by path and method, and where they go, by the configured rules.

use super::headers::Headers;
use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use crate::config::{Config, Destination};

/// A row of the endpoint table.
struct Endpoint {
    /// Below the configured prefix.
    path: &'static str,
    /// Everything below the path belongs to it too.
    below: bool,
    /// Methods it takes; none: it is not served.
    methods: &'static [&'static str],
}

/// Endpoints of the Anthropic API; the first row that matches counts.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: "/v1/messages", below: false, methods: &["POST"] },
    Endpoint { path: "/v1/messages", below: true, methods: &[] },
    Endpoint { path: "/v1/models", below: true, methods: &[] },
    Endpoint { path: "/v1/files", below: true, methods: &[] },
    Endpoint { path: "/v1/skills", below: true, methods: &[] },
    Endpoint { path: "/v1/complete", below: true, methods: &[] },
    Endpoint { path: "/v1/organizations", below: true, methods: &[] },
];

/// Paths that the filter itself makes. From a client they would be signed as its own, or take the client's secrets to AWS.
const OUTPUTS: &[&str] = &["/model", "/anthropic"];

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// On through Envoy, untouched.
    Pass,
    /// To Bedrock.
    Bedrock,
    /// To Bedrock if its model is one of those that go there, else on through Envoy.
    ByModel,
    /// Nowhere: this is the answer.
    Answer(Reply),
}

/// Decides on a request by its head.
pub fn route(config: &Config, head: &Headers<'_>) -> Route {
    let (Some(method), Some(path)) = (head.text(":method"), head.get(":path")) else { return Route::Pass };
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let below_prefix = path.strip_prefix(config.path_prefix.as_bytes());
    let endpoint = below_prefix.and_then(|path| ENDPOINTS.iter().find(|row| belongs(path, row.path, row.below)));
    let Some(endpoint) = endpoint else {
        return if OUTPUTS.iter().any(|output| belongs(path, output, true)) {
            Route::Answer(not_found(path))
        } else {
            Route::Pass
        };
    };
    let destination = by_header(config, head);
    if endpoint.methods.contains(&method) {
        return match destination.unwrap_or(config.routing.default) {
            Destination::Bedrock => unservable(head).map_or(Route::Bedrock, Route::Answer),
            // One that could not be served is not held for its model: the body of an upgrade never ends.
            Destination::Passthrough
                if destination.is_none() && routes_by_model(config) && unservable(head).is_none() =>
            {
                Route::ByModel
            }
            Destination::Passthrough => Route::Pass,
        };
    }
    match destination.unwrap_or(config.routing.default) {
        Destination::Passthrough => Route::Pass,
        Destination::Bedrock if endpoint.methods.is_empty() => Route::Answer(not_found(path)),
        Destination::Bedrock => {
            let message = format!("{}: method not allowed here", sanitized_path(path));
            let reply = Reply::error(405, ErrorType::InvalidRequest, &message);
            Route::Answer(reply.with("allow", endpoint.methods.join(", ")))
        }
    }
}

/// Whether a model is one of those that `routing.models` sends to Bedrock; a key of `models` counts as one.
pub fn is_bedrock_model(config: &Config, model: &str) -> bool {
    config.models.contains_key(model) || config.routing.models.iter().any(|pattern| pattern.matches(model))
}

fn belongs(path: &[u8], to: &str, below: bool) -> bool {
    match path.strip_prefix(to.as_bytes()) {
        Some([]) => true,
        Some([b'/', ..]) => below,
        _ => false,
    }
}

fn by_header(config: &Config, head: &Headers<'_>) -> Option<Destination> {
    let rule = config.routing.header.as_ref()?;
    let value = head.get(&rule.name)?;
    Some(if value == rule.value.as_bytes() { Destination::Bedrock } else { Destination::Passthrough })
}

fn routes_by_model(config: &Config) -> bool {
    !config.routing.models.is_empty() || !config.models.is_empty()
}

/// What is said of a request for Bedrock whose head already shows that it can't be served.
fn unservable(head: &Headers<'_>) -> Option<Reply> {
    if head.get("upgrade").is_some() {
        return Some(Reply::invalid("upgrade: a protocol upgrade is not possible here"));
    }
    let encoded = head.get("content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
    encoded.then(|| Reply::invalid("content-encoding: send the body without content encoding"))
}

fn not_found(path: &[u8]) -> Reply {
    let message = format!("{}: this endpoint is not available through this gateway", sanitized_path(path));
    Reply::error(404, ErrorType::NotFound, &message)
}

/// A client's path for a message to that client.
fn sanitized_path(path: &[u8]) -> String {
    super::headers::sanitized(path.get(..256).unwrap_or(path))
}
