//! One run of a source as a state machine: it says what to send, is told what came back, and ends with credentials or with
//! why there are none.
//!
//! A source is written as an `async` function that reads from top to bottom. The compiler makes the state machine of it; it
//! waits for nothing but [`Line::send`], and [`Fetch`] is all the runtime it has.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::call::{Answer, Call, CallFailure};
use super::provider::Provider;
use super::{Credentials, FetchError};

/// Credentials that a source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// What requests are authenticated with.
    pub credentials: Credentials,
    /// When AWS will refuse them, seconds since 1970.
    pub expires: Option<u64>,
    /// The source, `assumeRole of environment` for example; no value of the configuration.
    pub source: String,
    /// Which member of a chain gave them, counted from zero; zero where there is no chain.
    pub member: u64,
}

impl Fetched {
    /// The type of the source that gave them, of a chain the one that yields.
    pub fn kind(&self) -> &str {
        let source = self.source.trim_start_matches("chain: ");
        source.split(' ').next().unwrap_or_default()
    }
}

/// How a source ends.
pub type Outcome = Result<Fetched, FetchError>;

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this, and tell [`Fetch::answered`] what came of it.
    Send(Call),
    /// It is over.
    Done(Outcome),
}

/// A run on its way.
pub struct Fetch {
    line: Line,
    /// Gone when it is over.
    run: Option<Pin<Box<dyn Future<Output = Outcome>>>>,
}

impl Fetch {
    /// Begins a run; `unix_seconds` is the time now.
    pub fn begin(provider: &Rc<Provider>, unix_seconds: u64) -> (Self, Step) {
        let line = Line::default();
        line.0.now.set(unix_seconds);
        let (provider, own) = (provider.clone(), line.clone());
        let mut fetch = Self { line, run: Some(Box::pin(async move { provider.fetch(&own).await })) };
        let step = fetch.step();
        (fetch, step)
    }

    /// Goes on with what came of the last call.
    pub fn answered(&mut self, answer: Result<Answer, CallFailure>, unix_seconds: u64) -> Step {
        self.line.0.now.set(unix_seconds);
        self.line.0.answer.replace(Some(answer));
        self.step()
    }

    /// The errors of a chain's members that were passed over, up to now; of those that can ever give credentials.
    pub fn passed(&self) -> Vec<FetchError> {
        self.line.0.passed.take()
    }

    fn step(&mut self) -> Step {
        let stuck = || Step::Done(Err(FetchError::new("the source asked for nothing")));
        let Some(run) = &mut self.run else { return stuck() };
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => self.line.0.call.take().map_or_else(stuck, Step::Send),
            Poll::Ready(outcome) => {
                self.run = None;
                Step::Done(outcome)
            }
        }
    }
}

/// A source's line to the host.
#[derive(Clone, Default)]
pub struct Line(Rc<Wire>);

#[derive(Default)]
struct Wire {
    now: Cell<u64>,
    call: RefCell<Option<Call>>,
    answer: RefCell<Option<Result<Answer, CallFailure>>>,
    passed: RefCell<Vec<FetchError>>,
}

impl Line {
    /// The time of the last step, seconds since 1970.
    pub fn now(&self) -> u64 {
        self.0.now.get()
    }

    /// A chain goes on behind a member that failed.
    pub fn pass(&self, error: FetchError) {
        self.0.passed.borrow_mut().push(error);
    }

    /// Sends a call and waits for its answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, CallFailure> {
        self.0.call.replace(Some(call.clone()));
        poll_fn(|_| self.0.answer.take().map_or(Poll::Pending, Poll::Ready)).await
    }
}
