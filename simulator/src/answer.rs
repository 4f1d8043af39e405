//! From a request to everything about its answer: the steps of the service in their order.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde_json::Value;

use crate::config::Config;
use crate::count::{self, Count};
use crate::errors::Refusal;
use crate::faults::{self, Faults, Instead};
use crate::message::{Message, Metrics};
use crate::model::{self, Prompt};
use crate::recorder::Recorder;
use crate::request::{Operation, Received, route};
use crate::script::Script;
use crate::{auth, catalog, refuse, stream};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("application/vnd.amazon.eventstream");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const STREAM_CONTENT_TYPE: HeaderName = HeaderName::from_static("x-amzn-bedrock-content-type");

/// Request headers that come back on an answer.
const ECHOED: &[&str] = &["x-amzn-bedrock-performanceconfig-latency", "x-amzn-bedrock-service-tier"];

/// An answer, and what the log says about its request.
#[derive(Debug)]
pub struct Answer {
    /// Status, headers and the script of the body.
    pub response: Response<Script>,
    /// How long to wait before the response headers.
    pub delay: Duration,
    /// The operation's name; `-` when there is none.
    pub operation: &'static str,
    /// The decoded model id; `-` when there is none.
    pub model_id: String,
    /// What became of the signature.
    pub auth: String,
}

/// Answers a request.
pub fn answer(request: &Received, request_id: &str, config: &Config, recorder: &Recorder, now: SystemTime) -> Answer {
    let mut answer = Answer {
        response: Response::default(),
        delay: Duration::ZERO,
        operation: "-",
        model_id: "-".into(),
        auth: "not checked".into(),
    };
    let result = serve(request, config, recorder, now, &mut answer);
    answer.response = result.unwrap_or_else(|refusal| refused(&refusal));
    // A load balancer's page and an empty answer do not come from the service.
    if answer.response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind != HTML) {
        insert(answer.response.headers_mut(), REQUEST_ID, request_id);
    }
    answer
}

fn serve(
    request: &Received,
    config: &Config,
    recorder: &Recorder,
    now: SystemTime,
    answer: &mut Answer,
) -> Result<Response<Script>, Refusal> {
    let (operation, model_id) = route(&request.method, request.path()).ok_or_else(|| {
        Refusal::new("UnknownOperationException", "The requested operation is not recognized by the service.")
    })?;
    answer.operation = operation.name();
    answer.model_id = model_id.to_string();
    match auth::check(request, config, now) {
        Ok(verified) => answer.auth = verified,
        Err(refusal) => {
            answer.auth = format!("refused {}", refusal.name);
            return Err(refusal);
        }
    }
    let (model, body) = match operation {
        Operation::CountTokens => {
            let model = catalog::counted(&model_id)?;
            (model, refuse::check_json(&count::inner_body(&request.body)?)?)
        }
        Operation::Invoke | Operation::InvokeStream => (catalog::invoked(&model_id)?, refuse::check(request)?),
    };
    let prompt = Prompt::read(&body);
    let faults = faults(&prompt, request, recorder)?;
    answer.delay = faults.delay.unwrap_or_default();
    if let Some(instead) = &faults.instead {
        return Ok(respond_instead(instead, &faults));
    }
    if operation == Operation::CountTokens {
        return Ok(json(200, &Count::of(&prompt.usage()), &faults));
    }
    let message = model::answer(model.name, &body, &prompt, &request.sha256);
    let mut response = match operation {
        Operation::InvokeStream if !faults.json_200 => streamed(&message, &faults, config),
        _ => whole(&message, &faults),
    };
    for name in ECHOED {
        if let Some(value) = request.headers.get(*name) {
            response.headers_mut().insert(*name, value.clone());
        }
    }
    Ok(response)
}

fn faults(prompt: &Prompt<'_>, request: &Received, recorder: &Recorder) -> Result<Faults, Refusal> {
    let mut markers = Vec::new();
    for text in &prompt.last_texts {
        markers.extend(faults::find(text)?);
    }
    let earlier = if faults::counted(&markers) { recorder.earlier(&request.sha256) } else { 0 };
    Ok(Faults::of(markers, earlier))
}

fn refused(refusal: &Refusal) -> Response<Script> {
    refused_with(refusal, &Faults::default())
}

fn refused_with(refusal: &Refusal, faults: &Faults) -> Response<Script> {
    let mut response = json(refusal.status, &refusal.body(), faults);
    insert(response.headers_mut(), ERROR_TYPE, &refusal.error_type());
    response
}

fn respond_instead(instead: &Instead, faults: &Faults) -> Response<Script> {
    const PAGE: &str = "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>";
    match instead {
        Instead::Exception(refusal) => refused_with(refusal, faults),
        Instead::Html503 => with_body(503, HTML, PAGE.len(), Script::whole(PAGE)),
        Instead::Empty500 => {
            let mut response = Response::new(Script::default());
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

fn streamed(message: &Message, faults: &Faults, config: &Config) -> Response<Script> {
    let mut response = Response::new(stream::script(message, faults, config.token_delay));
    response.headers_mut().insert(CONTENT_TYPE, EVENT_STREAM);
    response.headers_mut().insert(STREAM_CONTENT_TYPE, JSON);
    response
}

fn whole(message: &Message, faults: &Faults) -> Response<Script> {
    let mut response = json(200, &message, faults);
    let metrics = Metrics::of(&message.usage);
    for (name, figure) in [
        ("x-amzn-bedrock-invocation-latency", metrics.invocation_latency),
        ("x-amzn-bedrock-input-token-count", metrics.input_token_count),
        ("x-amzn-bedrock-output-token-count", metrics.output_token_count),
        ("x-amzn-bedrock-cache-read-input-token-count", metrics.cache_read_input_token_count),
        ("x-amzn-bedrock-cache-write-input-token-count", metrics.cache_write_input_token_count),
    ] {
        response.headers_mut().insert(name, HeaderValue::from(figure));
    }
    response
}

fn json(status: u16, body: &impl serde::Serialize, faults: &Faults) -> Response<Script> {
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_body(status, JSON, body.len(), stream::json_script(body, faults))
}

fn with_body(status: u16, content_type: HeaderValue, length: usize, body: Script) -> Response<Script> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
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
