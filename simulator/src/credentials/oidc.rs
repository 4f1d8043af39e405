//! The token endpoint of an OIDC provider: RFC 6749, client credentials (4.4), the client's secret in the form or by HTTP's
//! Basic scheme (2.3.1).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Map, Value, json};

use super::form::{self, Form};
use super::reply::{Failure, Granted, Reply};
use super::{Call, Served};
use crate::config::ClientAuthentication;

/// How long a token is good, when nothing else is configured.
const LIFE: Duration = Duration::from_secs(3600);

/// What makes a request OpenID's.
const OPENID: &str = "openid";

/// Answers a request.
pub(super) fn serve(call: &Call<'_>) -> Served {
    let request = call.request;
    if !request.path().ends_with("/token") {
        return Served { action: "-", result: Err(Failure::new(404, "invalid_request", "simulator: no such path")) };
    }
    let action = "token";
    if request.method != Method::POST {
        return Served { action, result: Err(Failure::new(405, "invalid_request", "simulator: tokens come by POST")) };
    }
    Served { action, result: token(call) }
}

fn token(call: &Call<'_>) -> Result<Granted, Failure> {
    let invalid = |message: &str| Failure::new(400, "invalid_request", message);
    if !form::is_form(call.request) {
        return Err(invalid("the request must be application/x-www-form-urlencoded"));
    }
    let form = Form::parse(&call.request.body).map_err(|_| invalid("a parameter is repeated"))?;
    // 3.2: a parameter without a value is as good as none, one that is not known is overlooked.
    let get = |name: &str| form.get(name).filter(|value| !value.is_empty());
    match get("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(Failure::new(400, "unsupported_grant_type", "the grant type is not supported")),
        None => return Err(invalid("grant_type is missing")),
    }
    let config = &call.config.credentials;
    let in_form = get("client_id").zip(get("client_secret"));
    let by_basic = call.request.header("authorization").map(|value| basic(value).unwrap_or_default());
    let (way, client) = match (in_form, by_basic) {
        (Some(_), Some(_)) => return Err(invalid("the client authenticates in more than one way")),
        (Some((id, secret)), None) => (ClientAuthentication::Form, (id.to_owned(), secret.to_owned())),
        (None, pair) => (ClientAuthentication::Basic, pair.unwrap_or_default()),
    };
    let expected = (config.oidc_client_id.clone(), config.oidc_client_secret.clone());
    if client != expected || config.oidc_authentication.is_some_and(|only| only != way) {
        return Err(Failure::new(401, "invalid_client", "client authentication failed"));
    }
    let scope = get("scope").unwrap_or_default();
    if !scope.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\') {
        return Err(Failure::new(400, "invalid_scope", "the scope is malformed"));
    }
    Ok(granted(call, get("audience").unwrap_or(&config.oidc_client_id), scope))
}

/// The id and the secret of a header `authorization`: each form-encoded, then both in base64.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, pair) = header.split_once(' ')?;
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(pair.trim()).ok())??;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
    Some((decoded(id)?, decoded(secret)?))
}

fn granted(call: &Call<'_>, audience: &str, scope: &str) -> Granted {
    let config = &call.config.credentials;
    let seconds = config.session_life.unwrap_or(LIFE).as_secs();
    let client = &config.oidc_client_id;
    let mint = |audience: &str, more: Map<String, Value>| {
        let life = i64::try_from(seconds).unwrap_or(i64::MAX);
        call.state.tokens.mint(client, audience, life, more, call.now)
    };
    let mut claims = Map::from_iter([("client_id".to_owned(), json!(client))]);
    if !scope.is_empty() {
        claims.insert("scope".into(), json!(scope));
    }
    let mut document = json!({ "access_token": mint(audience, claims), "token_type": "Bearer", "expires_in": seconds });
    if scope.split(' ').any(|word| word == OPENID) {
        // OpenID Connect Core, 2: the audience of an ID token is the client.
        document["id_token"] = mint(client, Map::new()).into();
    }
    Granted { outcome: "token minted".into(), document: true, reply: uncached(Reply::json(200, &document)) }
}

/// A failure as 5.2 has it.
pub(super) fn failed(failure: &Failure) -> Reply {
    let document = json!({ "error": failure.code, "error_description": failure.message });
    uncached(Reply::json(failure.status, &document))
}

/// 5.1: whatever has to do with a token is not to be kept.
fn uncached(reply: Reply) -> Reply {
    reply.with("cache-control", "no-store").with("pragma", "no-cache")
}
