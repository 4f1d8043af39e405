//! Answers that Envoy makes in Bedrock's place, and those of filters behind ours: told apart by Envoy's response code
//! details, put into Anthropic's shape where they stand. They are not replaced by a reply of the filter's: so Envoy's
//! details and flags stay in the access log, and `local_reply_config`, which came first, is not asked again.

use crate::anthropic::error::ErrorType::{self, *};
use crate::anthropic::error::envelope;
use crate::bedrock::error_document::{Document, excerpt};

/// A row of the table.
struct Row {
    /// What the details begin with (Envoy's `stream_info.h`, `ResponseCodeDetailValues`, and its filters' own); with
    /// nothing, the status alone counts.
    details: &'static str,
    /// Envoy's status; 0: any.
    of: u16,
    /// The client's status; 0: Envoy's.
    status: u16,
    kind: ErrorType,
    words: &'static str,
}

const fn row(details: &'static str, of: u16, status: u16, kind: ErrorType, words: &'static str) -> Row {
    Row { details, of, status, kind, words }
}

/// The first row that fits counts. A 503 stays one where Bedrock was not reached: no Anthropic client should take that for
/// an overload of Anthropic's (529), and SDKs try again after both.
const ROWS: &[Row] = &[
    row("request_payload_too_large", 413, 0, RequestTooLarge, BUFFERS),
    row("no_healthy_upstream", 503, 0, Api, NO_HOST),
    row("cluster_not_found", 503, 0, Api, NO_CLUSTER),
    row("upstream_reset_before_response_started{overflow", 503, 529, Overloaded, CAPACITY),
    row("upstream_reset_before_response_started{remote_connection_failure", 0, 0, Api, CONNECT),
    row("upstream_reset_before_response_started{local_connection_failure", 0, 0, Api, CONNECT),
    row("upstream_reset_before_response_started{connection_failure", 0, 0, Api, CONNECT),
    row("upstream_reset_before_response_started{connection_timeout", 0, 0, Api, CONNECT),
    row("upstream_reset_before_response_started{protocol_error", 0, 0, Api, PROTOCOL),
    row("upstream_reset_before_response_started", 0, 0, Api, BROKEN),
    row("response_timeout", 504, 0, Timeout, SLOW),
    row("upstream_response_timeout", 504, 0, Timeout, SLOW),
    row("upstream_per_try", 504, 0, Timeout, SLOW),
    row("upstream_max_stream_duration", 0, 0, Timeout, LONG),
    row("max_duration_timeout", 0, 0, Timeout, LONG),
    row("stream_idle_timeout", 408, 0, Timeout, IDLE_CLIENT),
    row("stream_idle_timeout", 504, 0, Timeout, IDLE),
    row("request_overall_timeout", 408, 0, Timeout, SLOW_CLIENT),
    row("local_rate_limited", 0, 0, RateLimit, RATE),
    row("request_rate_limited", 0, 0, RateLimit, RATE),
    row("reached_concurrency_limit", 503, 529, Overloaded, CAPACITY),
    row("denied_by_admission_control", 503, 529, Overloaded, CAPACITY),
    row("overload", 503, 529, Overloaded, OVERLOAD),
    row("rbac_access_denied", 403, 0, Permission, RBAC),
    row("wasm_fail_stream", 503, 0, Api, NO_FILTER),
    row("route_not_found", 404, 0, NotFound, NO_ROUTE),
    row("", 401, 0, Authentication, KEY),
    row("", 403, 0, Permission, FORBIDDEN),
    row("", 404, 0, NotFound, NOTHING),
    row("", 408, 0, Timeout, SLOW_CLIENT),
    row("", 413, 0, RequestTooLarge, BUFFERS),
    row("", 429, 0, RateLimit, RATE),
    row("", 504, 0, Timeout, SLOW),
];

const BUFFERS: &str = "the request is larger than the gateway's buffers: send less, or raise \
    per_connection_buffer_limit_bytes (HTTP/2: initial_stream_window_size)";
const NO_HOST: &str = "the gateway has no address for Bedrock: its cluster's name does not resolve, or no host of it is \
    healthy";
const NO_CLUSTER: &str = "the gateway's route to Bedrock names a cluster that is not there: check its configuration";
const CAPACITY: &str = "the gateway has as many requests to Bedrock as it allows itself: try again later, or raise the \
    cluster's circuit_breakers";
const CONNECT: &str = "the gateway could not connect to Bedrock: check the cluster's address, DNS, firewall and TLS";
const PROTOCOL: &str = "what answered in Bedrock's place was no HTTP that the gateway reads: check the cluster's address, \
    port, TLS and HTTP version";
const BROKEN: &str = "the connection to Bedrock broke before its answer began: try again";
const SLOW: &str = "Bedrock took longer to answer than the gateway's route allows: raise its timeout, or set it to 0s";
const LONG: &str = "the answer took longer than the gateway allows: raise max_stream_duration";
const IDLE: &str = "Bedrock was silent for longer than the gateway allows: raise stream_idle_timeout";
const IDLE_CLIENT: &str = "the rest of the request did not arrive in time: send it again, or raise the gateway's \
    stream_idle_timeout";
const SLOW_CLIENT: &str = "the request took too long to arrive: send it again, or raise the gateway's request_timeout";
const RATE: &str = "the gateway's rate limit is reached: try again later";
const OVERLOAD: &str = "the gateway is overloaded: try again later";
const RBAC: &str = "the gateway's access rules (RBAC) do not allow this request";
const NO_ROUTE: &str = "the gateway has no route for the request as it goes to Bedrock: one has to match /model/ and the host \
    of the filter's `region` or `endpoint`";
const NO_FILTER: &str = "a filter of the gateway does not run: Envoy's log has the reason";
const KEY: &str = "the gateway did not accept the client's key or token";
const FORBIDDEN: &str = "the gateway does not allow this request";
const NOTHING: &str = "the gateway found nothing to send the request to";
const REFUSED: &str = "the gateway refused the request";
const NO_ANSWER: &str = "the gateway could not get an answer from Bedrock";

/// An answer of Envoy's that is being put into Anthropic's shape.
#[derive(Debug)]
pub struct LocalReply {
    /// The client's status.
    pub status: u16,
    /// The client's error type.
    pub kind: ErrorType,
    words: &'static str,
    /// Envoy's own, as far as it is there.
    text: Vec<u8>,
}

impl LocalReply {
    /// By the status, and Envoy's response code details.
    pub fn new(status: u16, details: &[u8]) -> Self {
        let fits = |row: &&Row| details.starts_with(row.details.as_bytes()) && (row.of == status || row.of == 0);
        let text = Vec::new();
        match ROWS.iter().find(fits) {
            Some(Row { status: 0, kind, words, .. }) => Self { status, kind: *kind, words, text },
            Some(Row { status, kind, words, .. }) => Self { status: *status, kind: *kind, words, text },
            None if status < 500 => Self { status, kind: InvalidRequest, words: REFUSED, text },
            None => Self { status, kind: Api, words: NO_ANSWER, text },
        }
    }

    /// A piece of Envoy's own body; further than `most` it is not read.
    pub fn push(&mut self, piece: &[u8], most: usize) {
        let room = most.saturating_sub(self.text.len());
        self.text.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }

    /// The message: what to do, then Envoy's own words.
    pub fn message(&self) -> String {
        let words = match Document::read(&self.text).message {
            Some(message) => excerpt(quoted(&message).as_bytes()),
            None => excerpt(&self.text),
        };
        if words.is_empty() { self.words.to_owned() } else { format!("{}{QUOTE}{words})", self.words) }
    }

    /// The body in Anthropic's shape.
    pub fn envelope(&self) -> Vec<u8> {
        envelope(self.kind, &self.message(), None)
    }
}

/// Before Envoy's own words; the deployment files' `local_reply_config` puts them so too.
const QUOTE: &str = " (Envoy: ";

/// Envoy's own words of a message that `local_reply_config` has made.
fn quoted(message: &str) -> &str {
    match message.split_once(QUOTE) {
        Some((_, words)) => words.strip_suffix(')').unwrap_or(words),
        None => message,
    }
}
