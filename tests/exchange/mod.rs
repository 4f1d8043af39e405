//! What the exchange's tests need: a configuration, requests carried out, replies as a line of text.

#![allow(dead_code, reason = "each file of tests needs its part")]

use crate::edits;
use bedrock_messages::config::Config;
use bedrock_messages::exchange::{
    Access, Begin, Body, Finish, Headers, Outgoing, Progress, Reply, Request, Response, Signers, begin,
};
use bedrock_messages::json::Encoder;
use serde_json::Value;
use std::rc::Rc;

pub const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A configuration, with a region and an access key in the environment.
pub fn config(json: &str) -> Rc<Config> {
    let environment = |name: &str| {
        let value = match name {
            "AWS_REGION" => "us-east-1",
            "AWS_ACCESS_KEY_ID" => ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY" => SECRET,
            _ => return None,
        };
        Some(value.to_owned())
    };
    Rc::new(Config::parse(json.as_bytes(), &environment).unwrap())
}

pub fn headers<'a>(lines: &[(&'a str, &'a str)]) -> Headers<'a> {
    Headers(lines.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect())
}

/// `400 invalid_request_error: what was wrong`, of a reply that is the envelope and nothing else.
pub fn line(reply: &Reply) -> String {
    assert_eq!(header(reply, "content-type"), Some("application/json"));
    let envelope: Value = serde_json::from_slice(&reply.body).unwrap();
    let (kind, message) = (&envelope["error"]["type"], envelope["error"]["message"].as_str().unwrap());
    let (kind, message_json) = (kind.as_str().unwrap(), Value::from(message));
    let id = header(reply, "request-id").map(|id| format!(r#","request_id":"{id}""#)).unwrap_or_default();
    let whole = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":{message_json}}}{id}}}"#);
    assert_eq!(std::str::from_utf8(&reply.body), Ok(whole.as_str()));
    assert!(reply.headers.iter().all(|(_, value)| !value.iter().any(u8::is_ascii_control)), "{reply:?}");
    assert!(!reply.details.contains(' '));
    format!("{} {kind}: {message}", reply.status)
}

pub fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let (_, value) = reply.headers.iter().find(|(known, _)| *known == name)?;
    Some(std::str::from_utf8(value).unwrap())
}

/// 2026-11-22T12:00:00Z.
pub const NOON: u64 = 1_795_348_800;
pub const POST: [(&str, &str); 2] = [(":method", "POST"), (":path", "/v1/messages")];

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// On, by its head alone.
    PassedAtOnce,
    /// On, after a look at its body.
    Passed,
    Answered(Reply),
    /// It needs credentials first.
    Waiting,
    /// With its new body.
    Sent(Box<Outgoing>, Vec<u8>),
}

/// The whole way of a request whose body comes in these pieces.
pub fn run<'a>(
    config: &Rc<Config>,
    head: &[(&str, &str)],
    body: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut request = match begin(config, &headers(head)) {
        Begin::Pass => return Outcome::PassedAtOnce,
        Begin::Answer(reply) => return Outcome::Answered(reply),
        Begin::Take(request) => request,
    };
    for piece in pieces {
        match request.body(piece) {
            Ok(Progress::More) => {}
            Ok(Progress::Pass) => return Outcome::Passed,
            Err(reply) => return Outcome::Answered(reply),
        }
    }
    let mut signers = Signers::new(&config.region);
    let access = Access::of(&config.credentials);
    let finish = match request.finish(access, &mut signers, NOON) {
        Ok(Finish::Again(mut request)) => {
            for piece in body.as_bytes().chunks(5) {
                assert_eq!(request.body(piece), Ok(Progress::More));
            }
            request.finish(access, &mut signers, NOON)
        }
        finish => finish,
    };
    match finish {
        Ok(Finish::Pass) => Outcome::Passed,
        Ok(Finish::Again(_)) => panic!("{body}"),
        Ok(Finish::Wait(_)) => Outcome::Waiting,
        Ok(Finish::Send(outgoing, _)) => {
            let edited = edits::apply(body.as_bytes(), &outgoing.edits);
            let (mut sent, mut encoder) = (Vec::new(), Encoder::new(outgoing.coding));
            encoder.feed(&edited, &mut |text| sent.extend_from_slice(text));
            encoder.finish(&mut |text| sent.extend_from_slice(text));
            assert_eq!(value(&outgoing, "content-length"), sent.len().to_string());
            Outcome::Sent(outgoing, sent)
        }
        Err(reply) => Outcome::Answered(reply),
    }
}

/// The same in one piece, which must not differ when the body comes byte by byte.
pub fn outcome(config: &Rc<Config>, head: &[(&str, &str)], body: &str) -> Outcome {
    let whole = run(config, head, body, [body.as_bytes()]);
    let bytes = run(config, head, body, body.as_bytes().chunks(1));
    assert_eq!(format!("{whole:?}"), format!("{bytes:?}"), "{body}");
    whole
}

/// What is sent of a `POST /v1/messages`.
pub fn sent(config: &Rc<Config>, client: &[(&str, &str)], body: &str) -> (Box<Outgoing>, String) {
    match outcome(config, &[&POST, client].concat(), body) {
        Outcome::Sent(outgoing, body) => (outgoing, String::from_utf8(body).unwrap()),
        other => panic!("{other:?}"),
    }
}

pub fn value<'a>(outgoing: &'a Outgoing, name: &str) -> &'a str {
    let mut values = outgoing.headers.iter().filter(|(known, _)| *known == name);
    let (Some((_, value)), None) = (values.next(), values.next()) else { panic!("{name}: {:?}", outgoing.headers) };
    std::str::from_utf8(value).unwrap()
}

pub const EVENT_STREAM: (&str, &str) = ("content-type", "application/vnd.amazon.eventstream");
pub const ID: (&str, &str) = ("x-amzn-requestid", "3f1c");

/// A request that is taken, with the beginning of its body.
pub fn request(body: &str) -> Box<Request> {
    let Begin::Take(mut request) = begin(&config("{}"), &headers(&POST)) else { panic!() };
    request.body(body.as_bytes()).unwrap();
    request
}

/// The answer to a request for a stream, or not.
pub fn response(stream: bool) -> Response {
    let request = request(&format!(r#"{{"model":"m","stream":{stream}}}"#));
    let Ok(Finish::Send(_, response)) = request.finish(Access::External, &mut Signers::new("us-east-1"), 0) else {
        panic!()
    };
    response
}

/// What a piece brings, and what is written.
pub fn feed(response: &mut Response, piece: &[u8], end: bool, held: bool) -> (Body, String) {
    let mut out = Vec::new();
    let body = response.body(piece, end, held, &mut out);
    (body, String::from_utf8(out).unwrap())
}
