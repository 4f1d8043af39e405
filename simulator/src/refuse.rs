//! What Bedrock does not take, in its own words: everything is a `ValidationException`.

mod betas;
mod blocks;
mod fields;
mod headers;
mod settings;
mod tools;

use serde_json::{Map, Value};

use crate::catalog::Abilities;
use crate::errors::Refusal;
use crate::request::Received;

/// Most bytes of a body: the `Body` blob's limit in the service's model, so a `ValidationException` and not a 413.
pub const MAX_BODY: usize = 25_000_000;

/// Whose rules a body is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// InvokeModel, in one piece or streamed, and what CountTokens counts.
    InvokeModel,
    /// The native Messages API.
    Messages {
        /// Whether the client asked for the version 2026-10-21, which takes less.
        strict: bool,
    },
    /// The native API's counting of tokens.
    MessagesCount,
}

/// What decides whether a field is taken.
struct Rules<'a> {
    api: Api,
    takes: &'static Abilities,
    betas: Vec<&'a str>,
}

impl Rules<'_> {
    fn has_beta(&self, beta: &str) -> bool {
        self.betas.contains(&beta)
    }
}

/// What an answer needs of an InvokeModel request that is taken: its JSON.
pub fn invoke(request: &Received, takes: &'static Abilities) -> Result<Value, Refusal> {
    headers::check(request)?;
    if request.body.len() > MAX_BODY {
        return Err(too_long());
    }
    let body = invoke_body(&request.body, takes)?;
    headers::check_guardrail_of(&body, request)?;
    Ok(body)
}

/// An InvokeModel body, wherever it stood.
pub fn invoke_body(body: &[u8], takes: &'static Abilities) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Refusal::validation(format!("Malformed input request: {error}, please reformat your input and try again."))
    })?;
    let Value::Object(members) = &body else {
        return Err(Refusal::validation(
            "Malformed input request: expected type: JSONObject, please reformat your input and try again.",
        ));
    };
    check_version(members)?;
    let betas = betas::of_body(members)?;
    check_members(members, betas, Api::InvokeModel, takes)?;
    Ok(body)
}

/// A body of the native API, whose betas are the values of a header.
pub fn native_body<'a>(
    members: &Map<String, Value>,
    betas: impl Iterator<Item = &'a str>,
    api: Api,
    takes: &'static Abilities,
) -> Result<(), Refusal> {
    check_members(members, betas.collect(), api, takes)
}

/// The refusal of a body over [`MAX_BODY`].
pub fn too_long() -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than \
         or equal to {MAX_BODY}"
    ))
}

fn check_members(
    members: &Map<String, Value>,
    betas: Vec<&str>,
    api: Api,
    takes: &'static Abilities,
) -> Result<(), Refusal> {
    betas::check(&betas, takes)?;
    let rules = Rules { api, takes, betas };
    fields::check(members, &rules)?;
    settings::check(members, &rules)?;
    tools::check(members, &rules)?;
    blocks::check(members, &rules)
}

fn check_version(members: &Map<String, Value>) -> Result<(), Refusal> {
    match members.get("anthropic_version") {
        Some(Value::String(version)) if version == fields::VERSION => Ok(()),
        Some(Value::String(version)) => Err(Refusal::validation(format!("Invalid API version: {version}"))),
        Some(_) => Err(Refusal::validation("anthropic_version: Input should be a valid string")),
        None => Err(Refusal::validation("anthropic_version: Field required")),
    }
}

/// The refusal of a field that has no place where it stands.
fn extra(path: &str) -> Refusal {
    Refusal::validation(format!("{path}: Extra inputs are not permitted"))
}

/// The refusal of a `type` that is none of those expected.
fn unexpected_tag(path: &str, found: &str, expected: &[&str]) -> Refusal {
    let expected: Vec<String> = expected.iter().map(|tag| format!("'{tag}'")).collect();
    Refusal::validation(format!(
        "{path}: Input tag '{found}' found using 'type' does not match any of the expected tags: {}",
        expected.join(", ")
    ))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
