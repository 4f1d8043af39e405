//! The operations on a model that the path names.

use http::Response;

use super::{Answer, Call, reply};
use crate::count::{self, Count};
use crate::errors::Refusal;
use crate::message::{Message, Metrics};
use crate::model::{self, Prompt};
use crate::request::Operation;
use crate::script::Script;
use crate::stream::Wire;
use crate::{catalog, refuse};

/// Request headers that come back on an answer.
const ECHOED: &[&str] = &["x-amzn-bedrock-performanceconfig-latency", "x-amzn-bedrock-service-tier"];

/// Serves a request whose sender is known.
pub(super) fn serve(
    call: &Call<'_>,
    operation: Operation,
    model_id: &str,
    answer: &mut Answer,
) -> Result<Response<Script>, Refusal> {
    let request = call.request;
    let (model, body) = match operation {
        Operation::CountTokens => {
            let model = catalog::counted(model_id)?;
            (model, refuse::invoke_body(&count::inner_body(&request.body)?, model.takes)?)
        }
        Operation::Invoke | Operation::InvokeStream => {
            let model = catalog::invoked(model_id)?;
            (model, refuse::invoke(request, model.takes)?)
        }
    };
    let prompt = Prompt::read(&body);
    let faults = super::faults(call, &prompt)?;
    answer.delay = faults.delay.unwrap_or_default();
    if let Some(instead) = &faults.instead {
        return Ok(reply::instead(instead, &faults));
    }
    if operation == Operation::CountTokens {
        return Ok(reply::json(200, &Count::of(&prompt.usage()), &faults));
    }
    let message = model::answer(model.name, &body, &prompt, &request.sha256);
    let mut response;
    if operation == Operation::InvokeStream && !faults.json_200 {
        response = reply::streamed(&message, Wire::EventStream, &faults, call.config)?;
        response.headers_mut().insert("x-amzn-bedrock-content-type", reply::JSON);
    } else {
        response = reply::json(200, &message, &faults);
        usage_headers(&message, &mut response);
    }
    for name in ECHOED {
        if let Some(value) = request.headers.get(*name) {
            response.headers_mut().insert(*name, value.clone());
        }
    }
    Ok(response)
}

fn usage_headers(message: &Message, response: &mut Response<Script>) {
    let metrics = Metrics::of(&message.usage);
    for (name, figure) in [
        ("x-amzn-bedrock-invocation-latency", metrics.invocation_latency),
        ("x-amzn-bedrock-input-token-count", metrics.input_token_count),
        ("x-amzn-bedrock-output-token-count", metrics.output_token_count),
        ("x-amzn-bedrock-cache-read-input-token-count", metrics.cache_read_input_token_count),
        ("x-amzn-bedrock-cache-write-input-token-count", metrics.cache_write_input_token_count),
    ] {
        response.headers_mut().insert(name, figure.into());
    }
}
