//! The core's one story: a request from its head to the end of its answer. Pure: time and credentials are handed in, what
//! is to be done is what a call returns. `host/stream.rs` calls it in this order:
//!
//! 1. [`begin`] with the head: [`route`] says whether the request is ours.
//! 2. [`Request::body`] with each piece of the body, which is checked, edited and hashed as it arrives (`body`).
//! 3. [`Request::finish`] at its end: the model is resolved (`model`), the betas are filtered (`betas`), what Bedrock does
//!    not take is refused (`fields`) or was taken out by then, and the headers are built and signed (`outgoing`). Without
//!    credentials (`access`) it waits for them, and is finished anew.
//! 4. [`Response::head`] with the head of the answer: pass it, transcode it, or collect an error (`failure`), put Envoy's
//!    own into Anthropic's shape (`local`).
//! 5. [`Response::body`] with each piece of the answer.
//! 6. [`Response::account`] and [`Response::is_unfinished`] when it is over.
//!
//! No step calls back up; each error on the way is a [`Reply`] in Anthropic's shape.

pub mod access;
mod betas;
mod body;
mod count;
mod failure;
mod fields;
mod headers;
mod knobs;
mod listing;
mod local;
mod model;
mod outgoing;
mod reply;
mod request;
mod response;
mod route;

pub use access::Access;
pub use headers::{HeaderMap, Headers};
pub use outgoing::{Notes, Outgoing, Signers};
pub use reply::{Refusal, Reply};
pub use request::{Finish, Progress, Request};
pub use response::{Body, Changes, Head, Origin, Response};

use crate::config::Config;
use route::{Route, route};
use std::rc::Rc;

/// What is to be done with a request, by its head.
pub enum Begin {
    /// It is not ours: on, untouched and unbuffered.
    Pass,
    /// Answer it at once.
    Answer(Reply),
    /// Hold its headers and feed its body to this.
    Take(Box<Request>),
}

/// A request's head has arrived.
pub fn begin(config: &Rc<Config>, head: &Headers<'_>) -> Begin {
    match route(config, head) {
        Route::Pass => Begin::Pass,
        Route::Answer(reply) => Begin::Answer(reply),
        Route::Bedrock(endpoint) => Request::take(config, head, endpoint, true),
        Route::ByModel(endpoint) => Request::take(config, head, endpoint, false),
    }
}
