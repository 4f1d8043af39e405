//! What a request is authenticated with when it leaves, and what its client is told where there is nothing.

use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use crate::aws::credentials::Credentials;
use crate::config::Source;

/// What there is for a request now.
#[derive(Clone, Copy, Debug)]
pub enum Access<'a> {
    /// Sign with these, or send them.
    Credentials(&'a Credentials),
    /// There are none, and none will come: why.
    Missing(&'a str),
    /// The first ones are on their way.
    Awaited,
    /// Another filter signs.
    External,
}

impl<'a> Access<'a> {
    /// What is known without asking anybody.
    pub fn of(source: &'a Source) -> Self {
        match source {
            Source::Ready(credentials) => Self::Credentials(credentials),
            Source::Missing(reason) => Self::Missing(reason),
            Source::Fetched(_) => Self::Awaited,
            Source::External => Self::External,
        }
    }
}

/// There are no credentials and there will be none until the operator mends it.
pub(super) fn missing(reason: &str) -> Reply {
    let reply = Reply::error(500, ErrorType::Api, &format!("the gateway has no AWS credentials: {reason}"));
    reply.with("x-should-retry", "false")
}

/// The credentials did not come in time; `error` is why the last try to fetch them failed, empty where none has ended.
pub fn late(error: &str) -> Reply {
    let error = if error.is_empty() { "they are still being fetched" } else { error };
    Reply::error(503, ErrorType::Api, &format!("the gateway has no AWS credentials yet: {error}"))
}

/// More requests wait for credentials than may.
pub fn crowded() -> Reply {
    let message = "the gateway has no AWS credentials yet, and too many requests wait for them";
    Reply::error(529, ErrorType::Overloaded, message)
}
