//! Counters, defined once for each worker; Envoy shows them as `wasmcustom.<name>`.

use super::abi;

/// The filter's counters.
pub struct Metrics {
    requests: Option<u32>,
    errors: Option<u32>,
    truncated_streams: Option<u32>,
}

impl Metrics {
    pub fn define() -> Self {
        let counter = |name: &str| abi::define_counter(name).ok();
        Self {
            requests: counter("bedrock_messages_requests"),
            errors: counter("bedrock_messages_errors"),
            truncated_streams: counter("bedrock_messages_truncated_streams"),
        }
    }

    /// A request was taken.
    pub fn request(&self) {
        count(self.requests);
    }

    /// The filter answered with an error.
    pub fn error(&self) {
        count(self.errors);
    }

    /// A stream broke off without an error event.
    pub fn truncated_stream(&self) {
        count(self.truncated_streams);
    }
}

fn count(counter: Option<u32>) {
    if let Some(counter) = counter {
        // A counter that Envoy refuses is no reason to fail a request.
        let _ = abi::increment(counter);
    }
}
