//! What is asked about the simulator itself: `/_simulator/…`.

use std::time::SystemTime;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;

use crate::answer::plain_json;
use crate::credentials::Credentials;
use crate::credentials::tokens::STS_AUDIENCE;
use crate::recorder::Recorder;
use crate::request::Received;
use crate::script::Script;

/// How the paths begin.
pub const PREFIX: &str = "/_simulator/";

/// Whom a token is about, and how long it is good, when nothing else is asked for.
const SUBJECT: &str = "system:serviceaccount:default:gateway";
const SECONDS: i64 = 3600;

const KNOWN: &str = "simulator: there are GET last, GET requests?after=N, POST reset, GET credentials, GET \
                     credentials/requests?after=N, POST credentials/fault and POST \
                     identity-token?subject=S&seconds=N&audience=A";

/// Answers a question, the path's rest after [`PREFIX`].
pub fn answer(question: &str, request: &Received, recorder: &Recorder, credentials: &Credentials) -> Response<Script> {
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    match (&request.method, question) {
        (&Method::GET, "last") => match recorder.last() {
            Some(record) => plain_json(200, &record),
            None => complaint(404, "simulator: no request yet"),
        },
        (&Method::GET, "requests") => requests(recorder, query),
        (&Method::POST, "reset") => {
            recorder.reset();
            credentials.reset();
            done()
        }
        (&Method::GET, "credentials") => plain_json(200, &credentials.json()),
        (&Method::GET, "credentials/requests") => requests(&credentials.recorder, query),
        (&Method::POST, "credentials/fault") => match credentials.faults.switch(&request.body) {
            Ok(()) => done(),
            Err(message) => complaint(400, &message),
        },
        (&Method::POST, "identity-token") => identity_token(credentials, query),
        _ => complaint(404, KNOWN),
    }
}

fn requests(recorder: &Recorder, query: &str) -> Response<Script> {
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    match after.unwrap_or("0").parse() {
        Ok(after) => plain_json(200, &recorder.after(after)),
        Err(_) => complaint(400, "simulator: after is no number"),
    }
}

fn identity_token(credentials: &Credentials, query: &str) -> Response<Script> {
    let (mut subject, mut audience, mut seconds) = (SUBJECT.to_owned(), STS_AUDIENCE.to_owned(), SECONDS);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "subject" => subject = value.into_owned(),
            "audience" => audience = value.into_owned(),
            "seconds" => match value.parse() {
                Ok(number) => seconds = number,
                Err(_) => return complaint(400, "simulator: seconds is no number"),
            },
            _ => return complaint(400, "simulator: there are subject, seconds and audience"),
        }
    }
    let token = credentials.tokens.mint_for_pod(&subject, &audience, seconds, SystemTime::now());
    let mut response = Response::new(Script::whole(token));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn complaint(status: u16, message: &str) -> Response<Script> {
    plain_json(status, &json!({ "message": message }))
}

fn done() -> Response<Script> {
    let mut response = Response::new(Script::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}
