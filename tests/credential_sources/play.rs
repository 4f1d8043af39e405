//! Plays the other side of a source.

use std::rc::Rc;

use bedrock_messages::aws::credentials::fetch::Outcome;
use bedrock_messages::aws::credentials::{
    AccessKey, Answer, Call, CallFailure, Credentials, Fetch, FetchError, Fetched, Provider, Secret, Step,
};

/// 2026-11-22T12:00:00Z.
pub const NOON: u64 = 1_795_348_800;
/// 2026-11-22T13:00:00Z, when the credentials of the answers expire.
pub const ONE: u64 = NOON + 3_600;
/// Stands in every secret, of the configuration as of the answers.
pub const MARKER: &str = "s3cr3t";
/// A source makes fewer calls, whatever it is answered.
const MOST_CALLS: usize = 64;

pub type Told = Result<Answer, CallFailure>;

pub fn told(status: u16, body: impl Into<Vec<u8>>) -> Told {
    Ok(Answer { status, headers: Vec::new(), body: body.into() })
}

pub fn told_with(status: u16, headers: &[(&str, &str)], body: &str) -> Told {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    Ok(Answer { status, headers, body: body.into() })
}

/// Runs a source to its end, `other` being the other side; the calls that it made, and how it ended.
pub fn drive(provider: &Provider, other: impl FnMut(&Call) -> Told) -> (Vec<Call>, Outcome) {
    let (calls, outcome, _) = run(provider, other);
    (calls, outcome)
}

/// The same with the errors that were passed over.
fn run(provider: &Provider, mut other: impl FnMut(&Call) -> Told) -> (Vec<Call>, Outcome, Vec<FetchError>) {
    let provider = Rc::new(provider.clone());
    shows_nothing(&format!("{provider:?}"));
    let mut calls = Vec::new();
    let (mut fetch, mut step) = Fetch::begin(&provider, NOON);
    loop {
        shows_nothing(&format!("{step:?}"));
        match step {
            Step::Done(outcome) => {
                let passed = fetch.passed();
                for error in outcome.as_ref().err().into_iter().chain(&passed) {
                    shows_nothing(&error.to_string());
                    assert!(!error.to_string().contains(char::is_control), "{error:?}");
                }
                // Whoever goes on with it is told so, and nothing happens.
                let stuck = fetch.answered(Err(CallFailure::Broken), NOON);
                assert!(matches!(stuck, Step::Done(Err(_))), "{stuck:?}");
                return (calls, outcome, passed);
            }
            Step::Send(call) => {
                let told = other(&call);
                shows_nothing(&format!("{told:?}"));
                calls.push(call);
                assert!(calls.len() < MOST_CALLS, "{provider:?}");
                step = fetch.answered(told, NOON);
            }
        }
    }
}

/// The same with a script: the calls that have to come, and their answers.
pub fn play(provider: &Provider, script: &[(&str, Told)]) -> Outcome {
    play_all(provider, script).0
}

/// The same with the errors that were passed over.
pub fn play_all(provider: &Provider, script: &[(&str, Told)]) -> (Outcome, Vec<FetchError>) {
    let mut script = script.iter();
    let (_, outcome, passed) = run(provider, |call| {
        let Some((expected, told)) = script.next() else { panic!("one more call: {}", line(call)) };
        assert_eq!(line(call), *expected);
        told.clone()
    });
    let rest: Vec<_> = script.map(|(expected, _)| expected).collect();
    assert!(rest.is_empty(), "{outcome:?} without {rest:?}");
    (outcome, passed)
}

/// Why a source with this script gives nothing: in the words for clients, and those for the operator.
pub fn refused(provider: &Provider, script: &[(&str, Told)]) -> (String, Option<String>) {
    let error = play(provider, script).unwrap_err();
    (error.text, error.detail)
}

/// A call as one line: `METHOD host/path by cluster; name: value … | body`, without the signature.
pub fn line(call: &Call) -> String {
    let mut line = format!("{} {}{} by {}", call.method, call.host, call.path, call.cluster);
    for (name, value) in &call.headers {
        let value = value.expose().split(", Signature=").next().unwrap();
        line.push_str(&format!("; {name}: {value}"));
    }
    if !call.body.expose().is_empty() {
        line.push_str(&format!(" | {}", call.body.expose()));
    }
    line
}

pub fn shows_nothing(text: &str) {
    assert!(!text.contains(MARKER), "{text}");
}

pub fn access_key(id: &str, secret: &str, token: Option<&str>) -> AccessKey {
    AccessKey {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(secret),
        session_token: token.map(Secret::new),
    }
}

pub fn fetched(source: &str, key: AccessKey, expires: Option<u64>) -> Outcome {
    Ok(Fetched { credentials: Credentials::AccessKey(key), expires, source: source.to_owned(), member: 0 })
}
