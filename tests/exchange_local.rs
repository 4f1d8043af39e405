//! Envoy's own answers, and those of filters behind ours, to requests that the filter took.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::exchange::{Begin, Body, Changes, Head, Origin, Response, begin};
use exchange::{POST, config, feed, headers, line, request, response};
use serde_json::{Value, json};

/// What becomes of an answer of Envoy's: `503 api_error: …`.
fn reworded(mut response: Response, status: u16, details: &str, pieces: &[&[u8]]) -> String {
    let text = status.to_string();
    let lines = [(":status", text.as_str()), ("content-length", "9"), ("x-amzn-errortype", "ModelNotReadyException")];
    let head = response.head(&headers(&lines), Origin::of(details.as_bytes()), false);
    let Head::Pass(Changes { set, remove: ["content-length"] }) = head else { panic!("{head:?}") };
    let [(":status", status), ("content-type", content_type)] = set.as_slice() else { panic!("{set:?}") };
    assert_eq!(content_type, "application/json");
    for piece in pieces {
        assert_eq!(feed(&mut response, piece, false, false), (Body::Replaced, String::new()));
    }
    let (body, out) = feed(&mut response, b"", true, false);
    let Body::Failed(failed_as) = body else { panic!("{body:?}") };
    // Nothing follows, and it is no stream that broke off.
    assert_eq!(feed(&mut response, b"more", true, false), (Body::Replaced, String::new()));
    assert!(!response.is_unfinished());
    let envelope: Value = serde_json::from_str(&out).unwrap();
    let (kind, message) = (&envelope["error"]["type"], &envelope["error"]["message"]);
    assert_eq!(kind, failed_as);
    assert_eq!(envelope, json!({"type": "error", "error": {"type": kind, "message": message}}));
    format!("{status} {}: {}", kind.as_str().unwrap(), message.as_str().unwrap())
}

/// Of the ones that Envoy 1.40 was seen to give, and the beginning of what a client is told.
const DETAILS: &[(u16, &str, &str)] = &[
    (
        413,
        "request_payload_too_large",
        "413 request_too_large: the request is larger than the gateway's buffers: send less, or raise per_connection_buffer_limit_bytes (HTTP/2: initial_stream_window_size)",
    ),
    (503, "no_healthy_upstream", "503 api_error: the gateway has no address for Bedrock"),
    (503, "cluster_not_found", "503 api_error: the gateway's route to Bedrock names a cluster that is not there"),
    (
        503,
        "upstream_reset_before_response_started{overflow}",
        "529 overloaded_error: the gateway has as many requests to Bedrock as it allows itself",
    ),
    (
        503,
        "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
        "503 api_error: the gateway could not connect to Bedrock",
    ),
    (
        503,
        "upstream_reset_before_response_started{local_connection_failure}",
        "503 api_error: the gateway could not connect to Bedrock",
    ),
    (
        503,
        "upstream_reset_before_response_started{connection_timeout}",
        "503 api_error: the gateway could not connect to Bedrock",
    ),
    (
        503,
        "upstream_reset_before_response_started{connection_termination}",
        "503 api_error: the connection to Bedrock broke before its answer began: try again",
    ),
    (
        502,
        "upstream_reset_before_response_started{protocol_error}",
        "502 api_error: what answered in Bedrock's place was no HTTP",
    ),
    (504, "response_timeout", "504 timeout_error: Bedrock took longer to answer than the gateway's route allows"),
    (504, "upstream_per_try_timeout", "504 timeout_error: Bedrock took longer"),
    (504, "upstream_per_try_idle_timeout", "504 timeout_error: Bedrock took longer"),
    (504, "upstream_max_stream_duration_reached", "504 timeout_error: the answer took longer than the gateway allows"),
    (504, "max_duration_timeout", "504 timeout_error: the answer took longer than the gateway allows"),
    (504, "stream_idle_timeout", "504 timeout_error: Bedrock was silent for longer than the gateway allows"),
    (408, "stream_idle_timeout", "408 timeout_error: the rest of the request did not arrive in time"),
    (408, "request_overall_timeout", "408 timeout_error: the request took too long to arrive"),
    (429, "local_rate_limited", "429 rate_limit_error: the gateway's rate limit is reached"),
    (429, "request_rate_limited", "429 rate_limit_error: the gateway's rate limit is reached"),
    (503, "overload", "529 overloaded_error: the gateway is overloaded"),
    (
        403,
        "rbac_access_denied_matched_policy[nobody]",
        "403 permission_error: the gateway's access rules (RBAC) do not allow this request",
    ),
    (404, "route_not_found", "404 not_found_error: the gateway has no route for the request"),
    // By the status alone.
    (400, "new", "400 invalid_request_error: the gateway refused the request"),
    (
        401,
        "jwt_authn_access_denied{Jwt_is_missing}",
        "401 authentication_error: the gateway did not accept the client's key or token",
    ),
    (403, "ext_authz_denied", "403 permission_error: the gateway does not allow this request"),
    (404, "direct_response", "404 not_found_error: the gateway found nothing"),
    (408, "new", "408 timeout_error: "),
    (413, "new", "413 request_too_large: "),
    (429, "new", "429 rate_limit_error: "),
    (451, "direct_response", "451 invalid_request_error: the gateway refused the request"),
    (500, "new", "500 api_error: the gateway could not get an answer from Bedrock"),
    (502, "new", "502 api_error: the gateway could not get an answer from Bedrock"),
    (503, "fault_filter_abort", "503 api_error: the gateway could not get an answer from Bedrock"),
    (504, "new", "504 timeout_error: "),
    // Details that Envoy gives with another status are of another make.
    (500, "no_healthy_upstream", "500 api_error: the gateway could not get an answer from Bedrock"),
];

#[test]
fn each_answer_is_told_apart() {
    for &(status, details, expected) in DETAILS {
        for stream in [false, true] {
            let said = reworded(response(stream), status, details, &[b"Envoy's ", b"own\r\n<b>words</b>"]);
            assert!(said.starts_with(expected), "{details}: {said}");
            assert!(said.ends_with(" (Envoy: Envoy's own words)"), "{details}: {said}");
            // Without words.
            assert!(!reworded(response(stream), status, details, &[]).contains("Envoy: "));
        }
        let status = status.to_string();
        let head = response(true).head(&headers(&[(":status", status.as_str())]), Origin::of(details.as_bytes()), true);
        let Head::Reply(reply) = head else { panic!("{head:?}") };
        assert!(line(&reply).starts_with(expected));
    }
}

#[test]
fn words_that_are_an_envelope_already() {
    let said = |body: &str| reworded(response(true), 504, "response_timeout", &[body.as_bytes()]);
    let plain = said("upstream request timeout");
    assert!(plain.ends_with("0s (Envoy: upstream request timeout)"), "{plain}");
    for body in [
        // As the deployment files' local_reply_config puts it, …
        r#"{"type":"error","error":{"type":"timeout_error","message":"It took longer than this gateway waits, try again (Envoy: upstream request timeout)"}}"#,
        // … and as others may.
        r#"{"type":"error","error":{"type":"api_error","message":"upstream request timeout"}}"#,
        r#"{"error":{"message":"upstream request timeout"}}"#,
        r#"{"message":"upstream request timeout"}"#,
    ] {
        assert_eq!(said(body), plain);
    }
    let empty = r#"{"type":"error","error":{"type":"timeout_error","message":"It took long (Envoy: )"}}"#;
    assert!(!said(empty).contains("Envoy: "));
    let long = said(&"é".repeat(100_000));
    assert!(long.ends_with("é…)") && long.chars().count() < 500);
}

#[test]
fn an_answer_without_details_is_bedrocks() {
    for details in [&b""[..], b"via_upstream"] {
        let head = response(true).head(&headers(&[(":status", "503")]), Origin::of(details), false);
        assert_eq!(head, Head::Hold);
    }
}

#[test]
fn an_answer_to_a_request_still_held() {
    let held = request(r#"{"model":"m","stream":tr"#).interrupted().unwrap();
    let said = reworded(held, 413, "request_payload_too_large", &[b"Payload Too Large"]);
    assert!(said.starts_with("413 request_too_large: ") && said.ends_with(" (Envoy: Payload Too Large)"), "{said}");

    let config = config(r#"{"routing": {"default": "passthrough", "models": ["claude-*"]}}"#);
    let Begin::Take(mut request) = begin(&config, &headers(&POST)) else { panic!() };
    assert!(request.interrupted().is_none());
    request.body(br#"{"model":"claude-x""#).unwrap();
    assert!(request.interrupted().is_some());
}
