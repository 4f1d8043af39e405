//! One worker's part in keeping a source's credentials fresh. The workers share a `Record`: the one that holds its lease
//! fetches for all, the others read what it wrote.

use super::abi::{self, Buffer, Map};
use super::metrics::Metrics;
use crate::aws::credentials::call::{CALL_TIMEOUT, LONGEST_ANSWER};
use crate::aws::credentials::fetch::Outcome;
use crate::aws::credentials::{
    Answer, Call, CallFailure, Fetch, FetchError, Held, Provider, Record, Secret, Step, record,
};
use crate::deadline::Deadline;
use proxy_wasm::types::Status;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use zeroize::Zeroizing;

/// A try that was told nothing for so long is given up, milliseconds.
const PATIENCE: u64 = 2 * CALL_TIMEOUT as u64;
/// The same failure is logged again after this, milliseconds.
const LOG_PAUSE: u64 = 60_000;
/// A record is written again when another worker has just changed it.
const WRITES: usize = 4;

/// Credentials of a source that has to be asked.
pub struct Keeper {
    provider: Rc<Provider>,
    /// Of the record.
    key: String,
    /// This plugin on this worker, in leases.
    holder: u64,
    held: RefCell<Option<Rc<Held>>>,
    /// Why the last try failed, whoever made it.
    error: RefCell<String>,
    running: RefCell<Option<Running>>,
    /// The failure that was logged, and how long it is not logged again.
    logged: RefCell<(String, Deadline)>,
    /// Which source the credentials were of that were logged.
    source: RefCell<String>,
}

/// The fetch of this worker's.
struct Running {
    fetch: Fetch,
    token: u32,
    patience: Deadline,
}

impl Keeper {
    /// For a source. Its record is there from now on: while a configuration is tried no worker runs with it yet, so nobody
    /// is overwritten.
    pub fn new(provider: &Rc<Provider>) -> Self {
        let key = record::key(&provider.identity());
        abi::set_shared_once(&key, &Record::default().encoded());
        let keeper = Self {
            provider: provider.clone(),
            key,
            holder: abi::random(),
            held: RefCell::default(),
            error: RefCell::default(),
            running: RefCell::default(),
            logged: RefCell::default(),
            source: RefCell::default(),
        };
        keeper.look();
        keeper
    }

    /// What a request may be signed with; `now` is in milliseconds.
    pub fn usable(&self, now: u64) -> Option<Rc<Held>> {
        let usable = || self.held.borrow().as_ref().filter(|held| held.is_usable(now)).cloned();
        usable().or_else(|| {
            self.look();
            usable()
        })
    }

    /// Why there is nothing usable, in the words for clients; empty when no try has ended.
    pub fn error(&self) -> String {
        self.error.borrow().clone()
    }

    /// Looks what the other workers have fetched; fetches, if that is due and none of them does.
    pub fn tick(&self, now: u64, metrics: &Metrics) {
        if self.running.borrow().as_ref().is_some_and(|running| !running.patience.is_over(now)) {
            return;
        }
        self.running.replace(None);
        let due = |record: Record| if record.is_due(now) { record.leased(self.holder, now) } else { None };
        if self.change(1, due) {
            let (fetch, step) = Fetch::begin(&self.provider, now / 1_000);
            self.go_on(fetch, step, now, metrics);
        }
    }

    /// AWS has refused what is held: a key that was taken away, a mounted file that was replaced. The next tick asks anew.
    pub fn refused(&self, now: u64) {
        self.change(WRITES, |record| record.refused(now));
    }

    /// A call is answered; a call of another's is ignored.
    pub fn answered(&self, token: u32, headers: usize, now: u64, metrics: &Metrics) {
        let ours = self.running.borrow_mut().take_if(|running| running.token == token);
        let Some(Running { mut fetch, .. }) = ours else { return };
        let step = fetch.answered(answer(headers), now / 1_000);
        self.go_on(fetch, step, now, metrics);
    }

    fn go_on(&self, mut fetch: Fetch, mut step: Step, now: u64, metrics: &Metrics) {
        loop {
            match step {
                Step::Done(outcome) => return self.done(outcome, fetch.passed(), now, metrics),
                Step::Send(call) => {
                    // The lease lasts a little longer than a call. Whoever lost it, to a clock that jumped, stops.
                    if !self.change(WRITES, |record| record.leased(self.holder, now)) {
                        return;
                    }
                    match send(&call) {
                        Ok(token) => {
                            self.running.replace(Some(Running {
                                fetch,
                                token,
                                patience: Deadline::after(now, PATIENCE),
                            }));
                            return;
                        }
                        Err(failure) => step = fetch.answered(Err(failure), now / 1_000),
                    }
                }
            }
        }
    }

    fn done(&self, outcome: Outcome, mut passed: Vec<FetchError>, now: u64, metrics: &Metrics) {
        let random = abi::random();
        for error in &passed {
            metrics.credential_fetch(error.kind(), "error");
        }
        let outcome = match &*self.held.borrow() {
            Some(held) => held.weighed(outcome, &mut passed, now),
            None => outcome,
        };
        match &outcome {
            Ok(fetched) => metrics.credential_fetch(fetched.kind(), "ok"),
            Err(_) => metrics.credential_fetch(self.provider.name(), "error"),
        }
        self.change(WRITES, |record| {
            record.is_leased_to(self.holder).then(|| match &outcome {
                Ok(fetched) => record.fetched(fetched, now, random),
                Err(error) => record.failed(error, now, random),
            })
        });
        let what = match outcome {
            Ok(fetched) => {
                self.log_source(&fetched.source);
                "passed over for"
            }
            Err(error) => {
                passed.insert(0, error);
                "no new"
            }
        };
        self.log_failures(what, &passed, now);
    }

    /// Which source is in use is worth a line when that changes.
    fn log_source(&self, source: &str) {
        if *self.source.borrow() != source {
            log::info!("bedrock-messages: AWS credentials are those of {source}");
            self.source.replace(source.to_owned());
        }
    }

    /// Those of a try, of which there may be none.
    fn log_failures(&self, what: &str, errors: &[FetchError], now: u64) {
        let joined = |text: fn(&FetchError) -> String| errors.iter().map(text).collect::<Vec<_>>().join("; ");
        let text = joined(|error| error.text.clone());
        let is_known = |(known, silence): &(String, Deadline)| *known == text && !silence.is_over(now);
        if is_known(&self.logged.borrow()) {
            return;
        }
        if !errors.is_empty() {
            log::warn!("bedrock-messages: {what} AWS credentials: {}", joined(FetchError::to_string));
        }
        self.logged.replace((text, Deadline::after(now, LOG_PAUSE)));
    }

    /// Reads the record, and keeps what is in it.
    fn look(&self) -> Option<(Record, u32)> {
        let (bytes, number) = abi::shared(&self.key)?;
        // A damaged one counts as nothing.
        let record = Record::decode(&Zeroizing::new(bytes)).unwrap_or_default();
        self.keep(&record);
        Some((record, number))
    }

    fn keep(&self, record: &Record) {
        if self.held.borrow().as_deref() != record.held.as_ref() {
            self.held.replace(record.held.clone().map(Rc::new));
        }
        if *self.error.borrow() != record.error {
            self.error.replace(record.error.clone());
        }
    }

    /// Changes the record, if `change` makes something of it; whether it did. It tries again so often where another worker
    /// came first.
    fn change(&self, tries: usize, change: impl Fn(Record) -> Option<Record>) -> bool {
        for _ in 0..tries {
            let Some((record, number)) = self.look() else { return false };
            let Some(changed) = change(record) else { return false };
            if abi::set_shared(&self.key, &changed.encoded(), number).is_ok() {
                self.keep(&changed);
                return true;
            }
        }
        false
    }
}

fn send(call: &Call) -> Result<u32, CallFailure> {
    let mut headers = vec![(":method", call.method), (":path", &call.path), (":authority", &call.host)];
    headers.extend(call.headers.iter().map(|(name, value)| (*name, value.expose())));
    let timeout = Duration::from_millis(CALL_TIMEOUT.into());
    abi::call(&call.cluster, headers, call.body.expose().as_bytes(), timeout).map_err(|status| match status {
        Status::BadArgument => CallFailure::NoCluster,
        _ => CallFailure::NotSent,
    })
}

/// The answer that the host has at hand.
fn answer(headers: usize) -> Result<Answer, CallFailure> {
    // Without headers the connection broke; asking for them would be refused.
    if headers == 0 {
        return Err(CallFailure::Broken);
    }
    let map = Zeroizing::new(abi::header_map(Map::CallResponse).map_err(|_| CallFailure::Broken)?);
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let headers = abi::pairs(&map).into_iter();
    let headers: Vec<_> = headers.filter_map(|(name, value)| Some((text(name)?, Secret::new(text(value)?)))).collect();
    let body = abi::buffer(Buffer::CallResponseBody, 0, LONGEST_ANSWER + 1).map_err(|_| CallFailure::Broken)?;
    let mut answer = Answer { status: 0, headers, body };
    answer.status = answer.header(":status").and_then(|status| status.parse().ok()).ok_or(CallFailure::Broken)?;
    Ok(answer)
}
