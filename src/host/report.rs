//! What the operator learns of one request: Envoy's filter state, for the access log, and the counters.

use super::abi;
use super::metrics::Metrics;
use crate::anthropic::account::Account;
use crate::exchange::Notes;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Whole.
    Ok,
    /// With an error that the client was told.
    Error,
    /// Bedrock's side broke it off.
    Broken,
    /// The client went away.
    Cancelled,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Broken => "broken",
            Outcome::Cancelled => "cancelled",
        }
    }
}

/// Of the request so far.
#[derive(Default)]
pub struct Report {
    operation: Option<&'static str>,
    error: bool,
}

impl Report {
    /// The request is sent. Its filter state is set now, so that filters behind ours can read it.
    pub fn sent(&mut self, notes: &Notes, metrics: &Metrics) {
        self.operation = Some(notes.operation.name());
        set("bedrock.request_model", &notes.request_model);
        set("bedrock.model_id", &notes.model_id);
        if !notes.stripped.is_empty() {
            set("bedrock.stripped", &notes.stripped.join(","));
            notes.stripped.iter().for_each(|name| metrics.stripped_field(name));
            log::debug!("bedrock-messages: not taken by Bedrock: {}", notes.stripped.join(","));
        }
        log::debug!("bedrock-messages: {} is {} for {}", notes.request_model, notes.model_id, notes.operation.name());
    }

    /// The filter itself has answered, and not with an error.
    pub fn answered(&mut self, details: &'static str) {
        self.operation.get_or_insert(details);
    }

    /// The client got an error of this type.
    pub fn failed(&mut self, kind: &str, metrics: &Metrics) {
        if !std::mem::replace(&mut self.error, true) {
            set("bedrock.error", kind);
            metrics.error(kind);
        }
    }

    /// Whether the client got an error.
    pub fn has_failed(&self) -> bool {
        self.error
    }

    /// The answer is read.
    pub fn account(&self, account: &Account) {
        let usage = account.usage;
        for (name, tokens) in [
            ("bedrock.input_tokens", usage.input),
            ("bedrock.output_tokens", usage.output),
            ("bedrock.total_tokens", usage.total()),
            // Without a cache there is nothing to say of it: each value is a call to Envoy.
            ("bedrock.cache_read_tokens", usage.cache_read.filter(|tokens| *tokens > 0)),
            ("bedrock.cache_write_tokens", usage.cache_write.filter(|tokens| *tokens > 0)),
        ] {
            if let Some(tokens) = tokens {
                set(name, &tokens.to_string());
            }
        }
        if let Some(reason) = &account.stop_reason {
            set("bedrock.stop_reason", reason);
        }
    }

    /// The request is over.
    pub fn ended(&self, outcome: Outcome, metrics: &Metrics) {
        metrics.request(self.operation.unwrap_or("none"), outcome.name());
    }
}

/// Shows as `%FILTER_STATE(wasm.<name>:PLAIN)%`. An Envoy that does not take it serves the request all the same.
fn set(name: &str, value: &str) {
    let _ = abi::set_filter_state(name, value.as_bytes());
}
