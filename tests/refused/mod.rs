//! Error answers of an upstream: what a client is told, and the sentences of help.

#![allow(dead_code, reason = "each file of tests needs its part")]

use crate::exchange::{ID, header, headers, line, response};
use bedrock_messages::exchange::{Body, Head, Origin, Reply};

/// What the credentials' errors add.
pub const OURS: &str = " The gateway's AWS credentials were refused (its configuration: `credentials`, `region`).";
pub const FORM: &str = " An administrator of the gateway's AWS account submits Anthropic's use case form in the Bedrock console (AWS's page \"Access Amazon Bedrock foundation models\").";
pub const ENABLE: &str = " The gateway's AWS account has to enable the model in its `region` (AWS's page \"Access Amazon Bedrock foundation models\").";
pub const POLICY: &str = " The IAM policy of the gateway's credentials has to allow it for the inference profile and for the foundation models behind it (AWS's page \"Prerequisites for inference profiles\").";
pub const ACCOUNT: &str = " AWS has not cleared the gateway's account for the model: ask AWS Support (AWS's page \"Troubleshooting Amazon Bedrock API Error Codes\").";
pub const UNKNOWN: &str =
    " Ask for a model id that Bedrock has in the gateway's `region`, or map the name in the gateway's `models`.";
pub const PROFILE: &str = " In the gateway's configuration `models` maps such an id to an inference profile, and `inferenceProfile` chooses the profile for Anthropic's own names.";
pub const END_OF_LIFE: &str =
    " Ask for a newer model, or map the name to one in the gateway's `models` (AWS's page \"Model lifecycle\").";
pub const TOO_LARGE: &str = " Bedrock takes bodies of at most 25,000,000 bytes, fewer than Anthropic's own API.";

/// The reply to an answer with an error status, whose document comes in these pieces.
pub fn failed<'a>(
    stream: bool,
    status: u16,
    lines: &[(&str, &str)],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Reply {
    let status = status.to_string();
    let head = [&[(":status", status.as_str()), ID], lines].concat();
    let mut response = response(stream);
    assert_eq!(response.head(&headers(&head), Origin::Bedrock, false), Head::Hold);
    let mut out = Vec::new();
    for piece in pieces {
        match response.body(piece, false, true, &mut out) {
            Body::Held => {}
            Body::Reply(reply) => return reply,
            other => panic!("{other:?}"),
        }
    }
    let Body::Reply(reply) = response.body(b"", true, true, &mut out) else { panic!() };
    assert_eq!(header(&reply, "request-id"), Some("3f1c"));
    assert!(out.is_empty() && !response.is_unfinished());
    reply
}

/// The reply in words, for a document in one piece and in many, to a request for a stream or not.
pub fn said(status: u16, lines: &[(&str, &str)], document: &str) -> String {
    let reply = failed(true, status, lines, [document.as_bytes()]);
    for stream in [true, false] {
        assert_eq!(failed(stream, status, lines, document.as_bytes().chunks(3)), reply);
    }
    line(&reply)
}
