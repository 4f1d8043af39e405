//! Counters: Envoy shows them as `wasmcustom.<name>`. A name has its labels in it, `bedrock_messages_requests.operation.InvokeModel.outcome.ok`,
//! which `stats_config.stats_tags` of Envoy's bootstrap turns into tags. No label is a text that a client chooses.

use super::abi;
use std::cell::RefCell;

/// The counters of a worker that were used so far; each definition would make a new one.
#[derive(Default)]
pub struct Metrics(RefCell<Vec<Counter>>);

struct Counter {
    metric: &'static str,
    /// Of its labels.
    values: Vec<String>,
    id: u32,
}

impl Metrics {
    /// A request is over.
    pub fn request(&self, operation: &str, outcome: &str) {
        self.count("bedrock_messages_requests", &[("operation", operation), ("outcome", outcome)]);
    }

    /// A client got an error of this type.
    pub fn error(&self, kind: &str) {
        self.count("bedrock_messages_errors", &[("type", kind)]);
    }

    /// A request had a member that Bedrock does not take.
    pub fn stripped_field(&self, name: &str) {
        self.count("bedrock_messages_stripped_fields", &[("field", name)]);
    }

    /// A stream broke off without an error event.
    pub fn truncated_stream(&self) {
        self.count("bedrock_messages_truncated_streams", &[]);
    }

    /// A source was asked for credentials, `credentials.type`, and it was `ok` or an `error`.
    pub fn credential_fetch(&self, source: &str, outcome: &str) {
        self.count("bedrock_messages_credential_fetches", &[("source", source), ("outcome", outcome)]);
    }

    fn count(&self, metric: &'static str, labels: &[(&str, &str)]) {
        let values = || labels.iter().map(|(_, value)| *value);
        let is_it = |known: &&Counter| known.metric == metric && known.values.iter().eq(values());
        let known = self.0.borrow().iter().find(is_it).map(|known| known.id);
        // No borrow is held across a call to the host. A counter that Envoy refuses is no reason to fail a request.
        let id = known.or_else(|| {
            let name: String = labels.iter().map(|(label, value)| format!(".{label}.{value}")).collect();
            let id = abi::define_counter(&format!("{metric}{name}")).ok()?;
            self.0.borrow_mut().push(Counter { metric, values: values().map(str::to_owned).collect(), id });
            Some(id)
        });
        if let Some(id) = id {
            let _ = abi::increment(id);
        }
    }
}
