//! From a request to everything about its answer: the steps of the service in their order.

mod native;
mod reply;
mod runtime;

use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::{HeaderName, Response};

use crate::auth::{self, Keyring};
use crate::config::Config;
use crate::credentials::Issued;
use crate::errors::Refusal;
use crate::faults::{self, Faults};
use crate::model::Prompt;
use crate::recorder::Recorder;
use crate::request::{Received, Route, Service, route};
use crate::script::Script;

pub use reply::{plain_json, too_long};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// An answer, and what the log says about its request.
#[derive(Debug)]
pub struct Answer {
    /// Status, headers and the script of the body.
    pub response: Response<Script>,
    /// How long to wait before the response headers.
    pub delay: Duration,
    /// The operation's name; `-` when there is none.
    pub operation: &'static str,
    /// The model id, decoded; `-` when there is none.
    pub model_id: String,
    /// What became of the signature.
    pub auth: String,
}

/// One request on its way, and what the simulator knows besides.
struct Call<'a> {
    request: &'a Received,
    request_id: &'a str,
    config: &'a Config,
    issued: &'a Issued,
    recorder: &'a Recorder,
}

/// Answers a request.
pub fn answer(
    request: &Received,
    request_id: &str,
    config: &Config,
    issued: &Issued,
    recorder: &Recorder,
    now: SystemTime,
) -> Answer {
    let mut answer = Answer {
        response: Response::default(),
        delay: Duration::ZERO,
        operation: "-",
        model_id: "-".into(),
        auth: "not checked".into(),
    };
    let call = Call { request, request_id, config, issued, recorder };
    let result = serve(&call, now, &mut answer);
    answer.response = result.unwrap_or_else(|refusal| reply::refused(&refusal));
    // A load balancer's page and an empty answer do not come from the service.
    if answer.response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind != reply::HTML) {
        reply::insert(answer.response.headers_mut(), REQUEST_ID, request_id);
    }
    answer
}

fn serve(call: &Call<'_>, now: SystemTime, answer: &mut Answer) -> Result<Response<Script>, Refusal> {
    let request = call.request;
    let service = Service::of_host(&request.host);
    let route = route(service, &request.method, request.path()).ok_or_else(|| {
        Refusal::new("UnknownOperationException", "The requested operation is not recognized by the service.")
    })?;
    answer.operation = route.name();
    if let Route::Model(_, id) = &route {
        answer.model_id = id.to_string();
    }
    match auth::check(request, service, &route, &Keyring { config: call.config, issued: call.issued }, now) {
        Ok(verified) => answer.auth = verified,
        Err(refusal) => {
            answer.auth = format!("refused {}", refusal.name);
            return Err(refusal);
        }
    }
    match route {
        Route::Model(operation, id) => runtime::serve(call, operation, &id, answer),
        Route::Messages => Ok(native::messages(call, service, answer)),
        Route::MessagesCount if service == Service::Runtime => Ok(native::unknown_operation()),
        Route::MessagesCount => Ok(native::count(call, service, answer)),
    }
}

/// What is to go wrong with the answer to this prompt.
fn faults(call: &Call<'_>, prompt: &Prompt<'_>) -> Result<Faults, Refusal> {
    let mut markers = Vec::new();
    for text in &prompt.last_texts {
        markers.extend(faults::find(text)?);
    }
    let sha256 = &call.request.sha256;
    let earlier = if faults::counted(&markers) { call.recorder.earlier(sha256) } else { 0 };
    Ok(Faults::of(markers, earlier))
}
