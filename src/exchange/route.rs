//! Which requests are the filter's, by path and method, and where they go, by the configured rules.

use super::headers::Headers;
use super::reply::Reply;
use super::{listing, model};
use crate::anthropic::error::ErrorType;
use crate::bedrock::catalogue::Name;
use crate::config::{Config, Destination};

/// A row of the endpoint table.
struct Row {
    /// Below the configured prefix.
    path: &'static str,
    /// Everything below the path belongs to it too.
    below: bool,
    /// Methods it takes; none: it is not served.
    methods: &'static [&'static str],
    /// What becomes of a request with one of them.
    service: Service,
}

/// What becomes of a request to an endpoint.
#[derive(Clone, Copy)]
enum Service {
    /// Bedrock answers it.
    Bedrock(Endpoint),
    /// The filter answers it, with its models.
    Models,
    /// The filter answers it: it is there.
    Hello,
    /// Nobody does.
    None,
}

/// An endpoint whose requests go to Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/v1/messages`
    Messages,
    /// `/v1/messages/count_tokens`
    CountTokens,
}

/// Endpoints of the Anthropic API; the first row that matches counts.
const ENDPOINTS: &[Row] = &[
    served("/v1/messages", &["POST"], Service::Bedrock(Endpoint::Messages)),
    served("/v1/messages/count_tokens", &["POST"], Service::Bedrock(Endpoint::CountTokens)),
    Row { below: true, ..served(MODELS, &["GET", "HEAD"], Service::Models) },
    // Claude Code asks for it at its start.
    served("/api/hello", &["GET", "HEAD"], Service::Hello),
    refused("/v1/messages"),
    refused("/v1/files"),
    refused("/v1/skills"),
    refused("/v1/complete"),
    refused("/v1/organizations"),
];

const MODELS: &str = "/v1/models";

const fn served(path: &'static str, methods: &'static [&'static str], service: Service) -> Row {
    Row { path, below: false, methods, service }
}

/// Of the Anthropic API, and not of this gateway.
const fn refused(path: &'static str) -> Row {
    Row { path, below: true, methods: &[], service: Service::None }
}

/// Paths that the filter itself makes. From a client they would be signed as its own, or take the client's secrets to AWS.
const OUTPUTS: &[&str] = &["/model", "/anthropic"];

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// On through Envoy, untouched.
    Pass,
    /// To Bedrock.
    Bedrock(Endpoint),
    /// To Bedrock if its model is one of those that go there, else on through Envoy.
    ByModel(Endpoint),
    /// Nowhere: this is the answer.
    Answer(Reply),
}

/// Decides on a request by its head.
pub fn route(config: &Config, head: &Headers<'_>) -> Route {
    let (Some(method), Some(target)) = (head.text(":method"), head.get(":path")) else { return Route::Pass };
    let (path, query) = path_and_query(target);
    let below_prefix = path.strip_prefix(config.path_prefix.as_bytes());
    let row = below_prefix.and_then(|path| ENDPOINTS.iter().find(|row| belongs(path, row.path, row.below)));
    let Some(row) = row else {
        return if OUTPUTS.iter().any(|output| belongs(path, output, true)) {
            Route::Answer(not_found(head))
        } else {
            Route::Pass
        };
    };
    let decided = by_header(config, head);
    let destination = decided.unwrap_or(config.routing.default);
    let method_fits = row.methods.contains(&method);
    match (destination, row.service) {
        (Destination::Passthrough, Service::Bedrock(endpoint))
            // One that could not be served is not held for its model: the body of an upgrade never ends.
            if method_fits && decided.is_none() && routes_by_model(config) && unservable(head).is_none() =>
        {
            Route::ByModel(endpoint)
        }
        (Destination::Passthrough, _) => Route::Pass,
        (Destination::Bedrock, Service::None) => Route::Answer(not_found(head)),
        (Destination::Bedrock, _) if !method_fits => Route::Answer(wrong_method(path, row)),
        (Destination::Bedrock, Service::Bedrock(endpoint)) => {
            unservable(head).map_or(Route::Bedrock(endpoint), Route::Answer)
        }
        (Destination::Bedrock, Service::Models) => {
            let below_prefix = below_prefix.unwrap_or_default();
            Route::Answer(match below_prefix.strip_prefix(MODELS.as_bytes()) {
                Some([b'/', id @ ..]) => listing::retrieve(config, id),
                _ => listing::list(config, query),
            })
        }
        (Destination::Bedrock, Service::Hello) => {
            Route::Answer(Reply::document("hello", br#"{"message":"hello"}"#.to_vec()))
        }
    }
}

/// Whether a model is one of those that `routing.models` sends to Bedrock; a key of `models`, decorated or not, counts as one.
pub fn is_bedrock_model(config: &Config, model: &str) -> bool {
    model::configured(config, Name::read(model)).is_some()
        || config.routing.models.iter().any(|pattern| pattern.matches(model))
}

fn path_and_query(target: &[u8]) -> (&[u8], &[u8]) {
    let target = target.split(|byte| *byte == b'#').next().unwrap_or_default();
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
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

/// The answer for an endpoint that is not served.
fn not_found(head: &Headers<'_>) -> Reply {
    let (path, _) = path_and_query(head.get(":path").unwrap_or_default());
    let message = format!("{}: this endpoint is not available through this gateway", sanitized_path(path));
    Reply::error(404, ErrorType::NotFound, &message)
}

fn wrong_method(path: &[u8], row: &Row) -> Reply {
    let message = format!("{}: method not allowed here", sanitized_path(path));
    Reply::error(405, ErrorType::InvalidRequest, &message).with("allow", row.methods.join(", "))
}

/// A client's path for a message to that client.
fn sanitized_path(path: &[u8]) -> String {
    super::headers::sanitized(path.get(..256).unwrap_or(path))
}
