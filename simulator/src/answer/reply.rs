//! Responses: JSON, streams, refusals, and what a fault puts in their place.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use crate::errors::Refusal;
use crate::faults::{Faults, Instead, NamePlace, Shape};
use crate::message::Message;
use crate::refuse;
use crate::script::Script;
use crate::stream::{self, Wire};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A JSON answer.
pub(super) fn json(status: u16, body: &impl Serialize, faults: &Faults) -> Response<Script> {
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_body(status, JSON, body.len(), stream::json_script(body, faults))
}

/// An answer as a stream, or the refusal of a fault that has no meaning in one of that kind.
pub(super) fn streamed(
    message: &Message,
    wire: Wire,
    faults: &Faults,
    config: &Config,
) -> Result<Response<Script>, Refusal> {
    if faults.at.iter().any(|(_, fault)| !wire.has(fault)) {
        return Err(Refusal::validation(
            "simulator: a fault of the last message has no meaning in this kind of stream",
        ));
    }
    let mut response = Response::new(stream::script(message, wire, faults, config.token_delay));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(wire.content_type()));
    Ok(response)
}

/// A refusal in AWS's shape.
pub(super) fn refused(refusal: &Refusal) -> Response<Script> {
    exception(refusal, &Shape::default(), &Faults::default())
}

/// An exception in AWS's shape, or in what a fault made of it.
fn exception(refusal: &Refusal, shape: &Shape, faults: &Faults) -> Response<Script> {
    let refusal = shape.worded(refusal);
    let mut body = refusal.body();
    if let Some(key) = &shape.message_key {
        let message = body.remove("message").unwrap_or_default();
        body.insert(key.clone(), message);
    }
    let place = shape.name.unwrap_or_default();
    if let NamePlace::Member(member) = place {
        // A service's own type comes with its namespace.
        let namespace = if member == "__type" { "com.amazon.coral.service#" } else { "" };
        body.insert(member.into(), format!("{namespace}{}", refusal.name).into());
    }
    let mut response = error(refusal.status, &body, shape, faults);
    if place == NamePlace::Header {
        insert(response.headers_mut(), ERROR_TYPE, &refusal.error_type());
    }
    response
}

/// The document of an error, as much of it as there is to be.
pub(super) fn error(status: u16, body: &impl Serialize, shape: &Shape, faults: &Faults) -> Response<Script> {
    let body = shape.cut(serde_json::to_vec(body).unwrap_or_default());
    let mut response = with_body(status, JSON, body.len(), stream::json_script(body, faults));
    if let Some(seconds) = shape.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// What a fault puts in the answer's place, in AWS's shape.
pub(super) fn instead(instead: &Instead, faults: &Faults) -> Response<Script> {
    const PAGE: &str = "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>";
    match instead {
        Instead::Exception(refusal, shape) => exception(refusal, shape, faults),
        Instead::Html503 => with_body(503, HTML, PAGE.len(), Script::whole(PAGE)),
        Instead::Empty500 => {
            let mut response = Response::new(Script::default());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

fn with_body(status: u16, content_type: HeaderValue, length: usize, body: Script) -> Response<Script> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// Sets a header whose value is text.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An answer to a question about the simulator itself.
pub fn plain_json(status: u16, body: &Value) -> Response<Script> {
    json(status, body, &Faults::default())
}

/// The answer to a body that is so long that it is not read to its end.
pub fn too_long() -> Response<Script> {
    refused(&refuse::too_long())
}
