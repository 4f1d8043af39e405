//! The native Messages API, of the runtime and of mantle.

use http::{HeaderName, HeaderValue, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answer, Call, reply};
use crate::catalog::{self, Resolved};
use crate::count::Count;
use crate::errors::{NativeError, Refusal};
use crate::faults::{Faults, Instead};
use crate::model::{self, Prompt};
use crate::refuse::{self, Api};
use crate::request::{Received, Service};
use crate::script::Script;
use crate::stream::Wire;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The version that takes less than the other one.
const STRICT_VERSION: &str = "2026-10-21";
const VERSIONS: &[&str] = &["2023-06-01", STRICT_VERSION];

/// Most bytes of a body.
const MAX_BODY: usize = 32 << 20;

/// `POST /anthropic/v1/messages`
pub(super) fn messages(call: &Call<'_>, service: Service, answer: &mut Answer) -> Response<Script> {
    finish(call, try_messages(call, service, answer))
}

/// `POST /anthropic/v1/messages/count_tokens`
pub(super) fn count(call: &Call<'_>, service: Service, answer: &mut Answer) -> Response<Script> {
    finish(call, try_count(call, service, answer))
}

/// The runtime does not count natively, and says so with a 200.
pub(super) fn unknown_operation() -> Response<Script> {
    let output = json!({ "__type": "com.amazon.coral.service#UnknownOperationException" });
    reply::plain_json(200, &json!({ "Output": output, "Version": "1.0" }))
}

/// What is answered: a response of this API, or one in AWS's shape that a fault asked for.
enum Reply {
    Native(Response<Script>),
    Aws(Response<Script>),
}

/// A request that is taken.
struct Taken {
    body: Value,
    version: &'static str,
}

fn try_messages(call: &Call<'_>, service: Service, answer: &mut Answer) -> Result<Reply, NativeError> {
    let Taken { body, version } = take(call.request)?;
    let members = members_of(&body)?;
    let model = model(members, service, answer)?;
    let api = Api::Messages { strict: version == STRICT_VERSION };
    refuse::native_body(members, betas(call.request), api, model.takes)?;
    let prompt = Prompt::read(&body);
    let faults = super::faults(call, &prompt)?;
    answer.delay = faults.delay.unwrap_or_default();
    if let Some(instead) = &faults.instead {
        return Ok(play(call, instead, service, &faults));
    }
    let message = model::answer(model.name, &body, &prompt, &call.request.sha256);
    let streams = body.get("stream").and_then(Value::as_bool).unwrap_or(false) && !faults.json_200;
    Ok(Reply::Native(if streams {
        let mut response = reply::streamed(&message, Wire::Sse, &faults, call.config)?;
        response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    } else {
        reply::json(200, &message, &faults)
    }))
}

fn try_count(call: &Call<'_>, service: Service, answer: &mut Answer) -> Result<Reply, NativeError> {
    #[derive(Serialize)]
    struct InputTokens {
        input_tokens: u64,
    }

    let Taken { body, .. } = take(call.request)?;
    let members = members_of(&body)?;
    let model = model(members, service, answer)?;
    refuse::native_body(members, betas(call.request), Api::MessagesCount, model.takes)?;
    let prompt = Prompt::read(&body);
    let faults = super::faults(call, &prompt)?;
    answer.delay = faults.delay.unwrap_or_default();
    if let Some(instead) = &faults.instead {
        return Ok(play(call, instead, service, &faults));
    }
    let Count { input_tokens } = Count::of(&prompt.usage());
    Ok(Reply::Native(reply::json(200, &InputTokens { input_tokens }, &faults)))
}

/// The version and the JSON of a request; the rest depends on the model.
fn take(request: &Received) -> Result<Taken, NativeError> {
    let invalid = |message: String| NativeError::new("invalid_request_error", message);
    if request.body.len() > MAX_BODY {
        return Err(NativeError::new("request_too_large", "Request exceeds the maximum size"));
    }
    let asked =
        request.header("anthropic-version").ok_or_else(|| invalid("anthropic-version: header is required".into()))?;
    let version = VERSIONS
        .iter()
        .find(|known| **known == asked)
        .ok_or_else(|| invalid(format!("anthropic-version: \"{asked}\" is not a valid version")))?;
    let body = serde_json::from_slice(&request.body)
        .map_err(|error| invalid(format!("The request body is not valid JSON: {error}")))?;
    Ok(Taken { body, version })
}

fn members_of(body: &Value) -> Result<&Map<String, Value>, NativeError> {
    body.as_object().ok_or_else(|| NativeError::new("invalid_request_error", "Input should be a valid dictionary"))
}

fn model<'a>(
    members: &'a Map<String, Value>,
    service: Service,
    answer: &mut Answer,
) -> Result<Resolved<'a>, NativeError> {
    let invalid = |message: &str| NativeError::new("invalid_request_error", message);
    let id = members.get("model").ok_or_else(|| invalid("model: Field required"))?;
    let id = id.as_str().ok_or_else(|| invalid("model: Input should be a valid string"))?;
    answer.model_id = id.into();
    Ok(match service {
        Service::Runtime => catalog::native(id)?,
        Service::Mantle => catalog::mantle(id)?,
    })
}

/// The flags of every `anthropic-beta` line.
fn betas(request: &Received) -> impl Iterator<Item = &str> {
    let lines = request.headers.get_all("anthropic-beta").iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|beta| !beta.is_empty())
}

/// A fault that stands in the answer's place: what the service itself says natively, the rest as AWS's front end says it.
fn play(call: &Call<'_>, instead: &Instead, service: Service, faults: &Faults) -> Reply {
    let Instead::Exception(refusal, shape) = instead else { return Reply::Aws(reply::instead(instead, faults)) };
    if let Some(error) = NativeError::of(&shape.worded(refusal)).filter(|_| !shape.is_aws()) {
        let id = request_id(call);
        return Reply::Native(reply::error(error.status, &error.envelope(Some(&id)), shape, faults));
    }
    let mut refusal = refusal.clone();
    if service == Service::Mantle && refusal.name == "ExpiredTokenException" && refusal.status == 403 {
        refusal.status = 401;
    }
    Reply::Aws(reply::instead(&Instead::Exception(refusal, shape.clone()), faults))
}

fn request_id(call: &Call<'_>) -> String {
    let digits = call.request_id.chars().filter(|c| *c != '-').take(24);
    "req_".chars().chain(digits).collect()
}

fn finish(call: &Call<'_>, result: Result<Reply, NativeError>) -> Response<Script> {
    let id = request_id(call);
    let mut response = match result {
        Ok(Reply::Aws(response)) => return response,
        Ok(Reply::Native(response)) => response,
        Err(error) => reply::json(error.status, &error.envelope(Some(&id)), &Faults::default()),
    };
    reply::insert(response.headers_mut(), REQUEST_ID, &id);
    response
}

impl From<Refusal> for NativeError {
    fn from(refusal: Refusal) -> Self {
        Self::of(&refusal).unwrap_or_else(|| Self::new("api_error", refusal.message))
    }
}
