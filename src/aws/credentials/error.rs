//! Why a source gave no credentials.

use std::fmt;

use super::call::{Answer, Call, CallFailure};
use crate::aws::clock::Skew;

/// Of a message from outside, in characters.
pub(super) const LONGEST_DETAIL: usize = 300;
/// Of a code from outside.
const LONGEST_CODE: usize = 64;

/// Why a source gave no credentials. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// What clients may know: the source, who answered, the status and AWS's code.
    pub text: String,
    /// For the operator: AWS's own words.
    pub detail: Option<String>,
}

impl FetchError {
    /// An error that has no more to it than this.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), detail: None }
    }

    /// Puts the source's name in front.
    pub fn of(mut self, source: &str) -> Self {
        self.text = format!("{source}: {}", self.text);
        self
    }

    /// That of a chain none of whose members gave anything.
    pub fn of_chain(members: &[Self]) -> Self {
        let texts: Vec<_> = members.iter().map(|error| error.text.as_str()).collect();
        let details = members.iter().filter_map(|error| Some(format!("{}: {}", error.kind(), error.detail.as_ref()?)));
        let details = details.collect::<Vec<_>>().join("; ");
        Self::new(texts.join("; ")).with(details).of("chain")
    }

    /// Adds what is for the operator alone, if it is anything.
    fn with(mut self, detail: String) -> Self {
        self.detail = Some(detail).filter(|detail| !detail.trim().is_empty());
        self
    }

    /// Says how far the gateway's clock is off by an answer's date, if that is worth a word.
    pub fn with_clock(mut self, answer: &Answer, now: u64) -> Self {
        if let Some(skew) = answer.header("date").and_then(|date| Skew::by_date(date, now)) {
            self.text = format!("{}: {skew}", self.text);
        }
        self
    }

    /// The type of the source that is named in front.
    pub fn kind(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }
}

/// What the other side says of a call that it refuses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// AWS's name for it, `AccessDenied`.
    pub code: Option<&'a str>,
    /// In words.
    pub message: Option<&'a str>,
}

impl FetchError {
    /// A call was not answered as it should be. `who` is the other side's name for the operator, `STS` for example.
    pub fn answered(who: &str, call: &Call, status: u16, said: Said<'_>) -> Self {
        let mut text = format!("{who} answered {status}");
        if let Some(code) = said.code.filter(|code| is_code(call, code)) {
            text.push(' ');
            text.push_str(code);
        }
        Self::new(text).with(match said.message {
            Some(message) if call.is_told_in(message) => "what it says repeats a secret".to_owned(),
            Some(message) => shown(message),
            None => String::new(),
        })
    }

    /// A call was answered with something that cannot be used.
    pub fn unusable(who: &str, what: &str) -> Self {
        Self::new(format!("{who} answered with {what}"))
    }

    /// A call was not answered at all.
    pub fn unanswered(who: &str, call: &Call, failure: CallFailure) -> Self {
        Self { text: format!("{who} gave no answer: {failure}"), detail: Some(format!("cluster {}", call.cluster)) }
    }
}

/// Whether an answer's text is a code such as `AccessDenied`: codes are shown to clients.
pub fn is_code(call: &Call, text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !text.is_empty() && text.len() <= LONGEST_CODE && text.bytes().all(plain) && !call.is_told_in(text)
}

fn shown(message: &str) -> String {
    message.chars().map(|char| if char.is_control() { ' ' } else { char }).take(LONGEST_DETAIL).collect()
}

/// For the operator: all of it.
impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{} ({detail})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for FetchError {}
