//! One request on its way: which callback of Envoy asks the exchange what, and does what it says.

use super::abi::{self, Buffer, END, Map};
use super::body;
use super::handle::WeakHandle;
use super::keeper::Keeper;
use super::pair;
use super::report::{Outcome, Report};
use super::root::Plugin;
use crate::anthropic::error::ErrorType;
use crate::exchange::{
    self, Access, Begin, Body, Finish, Head, Headers, Origin, Progress, Reply, Request, Response, access,
};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// What `%RESPONSE_CODE_DETAILS%` of the filter's own replies begins with.
const DETAILS: &str = "bedrock_messages_";

/// How the details begin of Envoy's answer in the place of a filter that does not run: of the pair's other instance.
const FAILED: &[u8] = b"wasm_fail_stream";

/// How they begin when a stream was broken off, and not by its client.
const BROKEN: &[&[u8]] = &[b"upstream_reset", b"response_timeout", b"stream_idle_timeout", b"max_duration_timeout"];

/// A request.
pub struct Stream {
    context: u32,
    plugin: Rc<Plugin>,
    stage: Stage,
    report: Report,
    /// The other instance of a pair has not seen the request yet.
    at_head: bool,
    /// All was said of it.
    is_over: bool,
    /// The handle of this.
    handle: WeakHandle,
}

#[allow(clippy::large_enum_variant, reason = "most streams come to the large one, and it lives in place")]
enum Stage {
    /// Not ours, or not yet seen.
    Passing,
    /// Its headers are held; so much of the body was read.
    Taking(Box<Request>, usize),
    /// It was sent; whether the answer's headers are held.
    Sent(Response, bool),
    /// The filter has answered it.
    Answered,
}

impl Stream {
    pub fn new(context: u32, plugin: Rc<Plugin>, handle: WeakHandle) -> Self {
        Self {
            context,
            plugin,
            stage: Stage::Passing,
            report: Report::default(),
            at_head: true,
            is_over: false,
            handle,
        }
    }

    /// Ends the request with a reply.
    fn answer(&mut self, reply: &Reply) -> Action {
        self.told(reply);
        self.stage = Stage::Answered;
        send(reply);
        Action::Pause
    }

    /// The client gets this reply.
    fn told(&mut self, reply: &Reply) {
        if reply.status >= 400 {
            self.report.failed(reply.details, &self.plugin.metrics);
        } else {
            self.report.answered(reply.details);
        }
        if let Some(refusal) = &reply.refusal {
            self.plugin.refused(refusal);
        }
    }

    /// A host call failed that must not: nothing half-done may leave.
    fn broken(&mut self, call: &str, refused: abi::Refused) -> Action {
        log::error!("bedrock-messages: {call} was refused by the host ({refused})");
        self.answer(&failed())
    }

    /// Reads what is new of the body; then, at its end, changes and sends the request.
    fn request_body(&mut self, size: usize, end: bool) -> Action {
        let Stage::Taking(request, read) = &mut self.stage else { return Action::Continue };
        let fed = body::read(*read, size, |piece| match request.body(piece) {
            Ok(Progress::More) => Ok(()),
            Ok(Progress::Pass) => Err(None),
            Err(reply) => Err(Some(reply)),
        });
        *read = size;
        match fed {
            Ok(Ok(whole)) if end => self.finish_request(size, whole),
            Ok(Ok(_)) => Action::Pause,
            Ok(Err(Some(reply))) => self.answer(&reply),
            Ok(Err(None)) => self.pass(),
            Err(refused) => self.broken("reading the request body", refused),
        }
    }

    /// `whole` is the body, where that is at hand.
    fn finish_request(&mut self, size: usize, whole: Option<Vec<u8>>) -> Action {
        let Stage::Taking(request, _) = std::mem::replace(&mut self.stage, Stage::Passing) else {
            return Action::Continue;
        };
        let now = match abi::now() {
            Ok(now) => now,
            Err(refused) => return self.broken("the clock", refused),
        };
        let held = self.plugin.keeper.as_ref().and_then(|keeper| keeper.usable(now));
        let access = match &held {
            Some(held) => Access::Credentials(&held.credentials),
            None => Access::of(&self.plugin.config.credentials),
        };
        let finish = request.finish(access, &mut self.plugin.signers.borrow_mut(), now / 1_000);
        match finish {
            Ok(Finish::Pass) => self.pass(),
            Ok(Finish::Wait(request)) => {
                self.stage = Stage::Taking(request, size);
                self.wait(now)
            }
            Ok(Finish::Again(request)) => {
                self.stage = Stage::Taking(request, 0);
                self.request_body(size, true)
            }
            Err(reply) => self.answer(&reply),
            Ok(Finish::Send(outgoing, response)) => {
                self.report.sent(&outgoing.notes, &self.plugin.metrics);
                self.stage = Stage::Sent(response, false);
                let edited = body::edit(size, whole, &outgoing.edits, outgoing.coding);
                match edited.and_then(|()| self.set_headers(&outgoing.headers)) {
                    Ok(true) => Action::Continue,
                    Ok(false) => self.hold_is_missing(),
                    Err(refused) => self.broken("changing the request", refused),
                }
            }
        }
    }

    /// Waits for credentials: the body is complete, so that nothing of it can be lost when the root context lets it go on.
    fn wait(&mut self, now: u64) -> Action {
        if self.plugin.config.limits.credentials_wait_ms == 0 {
            return self.answer(&self.late());
        }
        if self.handle.get().is_some_and(|handle| self.plugin.wait(self.context, handle, now)) {
            Action::Pause
        } else {
            self.answer(&access::crowded())
        }
    }

    fn late(&self) -> Reply {
        access::late(&self.plugin.keeper.as_ref().map(Keeper::error).unwrap_or_default())
    }

    /// The wait is over: there are credentials now, or it has waited long enough.
    pub fn wake(&mut self) {
        let Stage::Taking(_, size) = self.stage else { return };
        let now = abi::now().unwrap_or_default();
        if self.plugin.keeper.as_ref().and_then(|keeper| keeper.usable(now)).is_none() {
            self.answer(&self.late());
            return;
        }
        if self.finish_request(size, None) == Action::Continue
            && let Err(refused) = abi::resume_request()
        {
            self.broken("letting the request go on", refused);
        }
    }

    /// Sets the request's headers, or has the other instance of a pair do so; false when there is none.
    fn set_headers(&self, headers: &[(&str, Vec<u8>)]) -> abi::Result<bool> {
        if self.plugin.config.is_paired {
            return pair::release(Some(headers)).map_or(Ok(false), |released| released.map(|()| true));
        }
        abi::set_header_map(Map::Request, headers).map(|()| true)
    }

    fn hold_is_missing(&mut self) -> Action {
        let reply = self.plugin.complaints.misplaced(HOLD_MISSING);
        self.answer(&reply)
    }

    /// The request is not ours, by its head.
    fn let_pass(&mut self) -> Action {
        match self.plugin.config.is_paired.then(|| pair::say(false)) {
            Some(Err(refused)) => self.broken("saying that the request is passed on", refused),
            _ => Action::Continue,
        }
    }

    /// The request is not ours, by its body.
    fn pass(&mut self) -> Action {
        self.stage = Stage::Passing;
        if self.at_head {
            return self.let_pass();
        }
        match self.plugin.config.is_paired.then(|| pair::release(None)) {
            Some(None) => self.hold_is_missing(),
            Some(Some(Err(refused))) => self.broken("passing the request on", refused),
            Some(Some(Ok(()))) | None => Action::Continue,
        }
    }
}

/// What each callback of Envoy does: of `HttpContext`, by way of the handle.
impl Stream {
    pub fn on_http_request_headers(&mut self, end: bool) -> Action {
        let map = match abi::header_map(Map::Request) {
            Ok(map) => map,
            Err(refused) => return self.broken("reading the request headers", refused),
        };
        match exchange::begin(&self.plugin.config, &Headers(abi::pairs(&map))) {
            Begin::Pass => self.let_pass(),
            Begin::Answer(reply) => self.answer(&reply),
            Begin::Take(request) => {
                self.stage = Stage::Taking(request, 0);
                if end {
                    // No body callback will come.
                    return self.finish_request(0, None);
                }
                if self.plugin.config.is_paired {
                    return match pair::say(true) {
                        // The other instance holds the headers.
                        Ok(()) => Action::Continue,
                        Err(refused) => self.broken("saying that the request is taken", refused),
                    };
                }
                self.plugin.watchdog.hold(self.context, || abi::now().unwrap_or_default());
                Action::Pause
            }
        }
    }

    pub fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.at_head = false;
        if let Stage::Taking(..) = self.stage {
            self.plugin.watchdog.body_came();
        }
        self.request_body(size, end)
    }

    pub fn on_http_request_trailers(&mut self) -> Action {
        self.at_head = false;
        // With trailers no body callback was the last one; all of the body was seen.
        match self.stage {
            Stage::Taking(_, read) => self.finish_request(read, None),
            _ => Action::Continue,
        }
    }

    pub fn on_http_response_headers(&mut self, end: bool) -> Action {
        if let Stage::Taking(request, _) = &self.stage {
            let details = code_details();
            let is_own = details.starts_with(DETAILS.as_bytes());
            if self.plugin.config.is_paired && !is_own && !details.starts_with(FAILED) && !pair::is_held() {
                // The request went on without its body: nobody holds it.
                return self.hold_is_missing();
            }
            // Something answers a request that is still held: the watchdog, or Envoy (too large, too slow).
            self.stage = match request.interrupted() {
                _ if is_own => {
                    self.report.failed(ErrorType::Api.name(), &self.plugin.metrics);
                    Stage::Answered
                }
                Some(response) => Stage::Sent(response, false),
                None => Stage::Passing,
            };
        }
        let Stage::Sent(response, held) = &mut self.stage else { return Action::Continue };
        let map = match abi::header_map(Map::Response) {
            Ok(map) => map,
            Err(refused) => return self.broken("reading the response headers", refused),
        };
        let headers = Headers(abi::pairs(&map));
        let details = details_of(&headers);
        let head = response.head(&headers, Origin::of(&details), end);
        *held = matches!(head, Head::HoldOnce(_) | Head::Hold);
        let changes = match head {
            Head::Reply(reply) => return self.answer(&reply),
            Head::Hold => return Action::Pause,
            Head::Pass(changes) | Head::HoldOnce(changes) => changes,
        };
        let set = changes.set.iter().try_for_each(|(name, value)| set_response_header(name, value));
        let removed = set.and_then(|()| changes.remove.iter().try_for_each(|name| remove_response_header(name)));
        match removed {
            // A stream's headers wait for the first piece of its body; without a body there is nothing to wait for.
            Ok(()) if *held && !end => Action::Pause,
            Ok(()) => Action::Continue,
            Err(refused) => self.broken("changing the response headers", refused),
        }
    }

    pub fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        let Stage::Sent(response, held) = &mut self.stage else { return Action::Continue };
        let piece = match abi::buffer(Buffer::ResponseBody, 0, size) {
            Ok(piece) => piece,
            Err(refused) => return self.broken("reading the response body", refused),
        };
        let mut out = Vec::new();
        let body = response.body(&piece, end, *held, &mut out);
        let (replaced, action) = match body {
            Body::Untouched => return Action::Continue,
            Body::Reply(ref reply) => return self.answer(reply),
            Body::Told(ref reply) => {
                self.told(reply);
                (abi::set_buffer(Buffer::ResponseBody, 0, END, &reply.body), Action::Continue)
            }
            // A paused response is only ever emptied, never filled: past the stream's limit that would end Envoy.
            Body::Held => (abi::set_buffer(Buffer::ResponseBody, 0, END, &[]), Action::Pause),
            Body::Replaced | Body::Failed(_) => {
                if let Body::Failed(kind) = body {
                    self.report.failed(kind, &self.plugin.metrics);
                }
                *held = false;
                (abi::set_buffer(Buffer::ResponseBody, 0, END, &out), Action::Continue)
            }
        };
        match replaced {
            Ok(()) => action,
            Err(refused) => self.broken("changing the response body", refused),
        }
    }

    pub fn on_http_response_trailers(&mut self) -> Action {
        // Nothing can be added to a body here; a document that was held is complete.
        match &mut self.stage {
            Stage::Sent(response, true) => {
                if let Body::Reply(reply) = response.body(&[], true, true, &mut Vec::new()) {
                    return self.answer(&reply);
                }
            }
            Stage::Sent(response, false) => {
                if let Some(reply) = response.trailers() {
                    return self.answer(&reply);
                }
            }
            _ => {}
        }
        Action::Continue
    }

    /// The stream is over: `on_log`, and `on_done` after it. In the chain of a cluster there is no `on_log`.
    pub fn ended(&mut self) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.plugin.watchdog.release(self.context);
        self.plugin.waiting.release(self.context);
        let metrics = &self.plugin.metrics;
        let outcome = match &self.stage {
            Stage::Passing => return,
            Stage::Sent(response, _) => {
                self.report.account(&response.account());
                if let Some(kind) = response.native_error() {
                    self.report.failed(kind, metrics);
                }
                let unfinished = !self.report.has_failed() && response.is_unfinished();
                let broken = unfinished && BROKEN.iter().any(|broken| code_details().starts_with(broken));
                if broken && response.is_stream() {
                    metrics.truncated_stream();
                }
                match (broken, unfinished) {
                    (true, _) => Outcome::Broken,
                    (_, true) => Outcome::Cancelled,
                    _ if self.report.has_failed() => Outcome::Error,
                    _ => Outcome::Ok,
                }
            }
            // A request that is still held has lost its client.
            Stage::Taking(..) => Outcome::Cancelled,
            Stage::Answered if self.report.has_failed() => Outcome::Error,
            Stage::Answered => Outcome::Ok,
        };
        self.report.ended(outcome, metrics);
    }
}

const HOLD_MISSING: &str = "the gateway's Envoy runs this filter with role transform, and there is none with role hold \
    behind it: it is missing, or stands before (both belong into one EnvoyExtensionPolicy, transform first)";

/// The answer where Envoy refuses what it must not.
pub fn failed() -> Reply {
    Reply::error(500, ErrorType::Api, "the gateway failed to handle the request")
}

/// Answers the stream in whose context the host is.
pub fn send(reply: &Reply) {
    let details = format!("{DETAILS}{}", reply.details);
    if let Err(refused) = abi::send_local_response(reply.status, &details, &reply.headers, &reply.body) {
        log::error!("bedrock-messages: a reply was refused by the host ({refused})");
    }
}

/// Envoy's own answers, and those of filters behind ours, pass the same callbacks as the upstream's: of errors its
/// details tell them apart.
fn details_of(headers: &Headers<'_>) -> Vec<u8> {
    let status = headers.get(":status").unwrap_or_default();
    if status < b"400".as_slice() { Vec::new() } else { code_details() }
}

fn code_details() -> Vec<u8> {
    abi::property("response\0code_details").unwrap_or_default()
}

fn set_response_header(name: &str, value: &str) -> abi::Result<()> {
    abi::set_header(Map::Response, name, value.as_bytes())
}

fn remove_response_header(name: &str) -> abi::Result<()> {
    abi::remove_header(Map::Response, name)
}
