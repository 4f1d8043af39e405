//! What is to go wrong with a service's answers, switched on and off at run time.

mod order;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::reply::{Failure, Reply};
use super::{Service, instance_metadata};
use crate::request::Received;
use crate::script::{Script, Step};
use order::Order;

/// How long what was written before a cut has to leave.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// How long a huge document is.
const HUGE: usize = 2 << 20;

/// No text in any encoding, and no document of any kind.
const GARBAGE: &[u8] = b"\x00\xff\xfe\x80\x1f\x8b\x08garbage\x00\xc3\x28";

/// Where a redirection leads: nowhere.
const ELSEWHERE: &str = "https://elsewhere.invalid/";

/// The headers that a service may have a secret in.
const SECRET_HEADERS: [&str; 2] = ["authorization", "x-aws-ec2-metadata-token"];

/// One way to go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A failure in the service's own shape.
    Error(Failure),
    /// The right answer, after a while.
    Slow(Duration),
    /// No answer, on a connection that stays open.
    Stall,
    /// No answer, on a connection that is closed.
    Reset,
    /// 200 with binary bytes.
    Garbage,
    /// Half of the right answer.
    Cut,
    /// The right answer, filled up to 2 MiB with white space.
    Huge,
    /// 302.
    Redirect,
    /// A failure that repeats the request's body and secrets.
    Echo,
    /// The right answer as `text/html`.
    WrongType,
    /// 200 without a body.
    Empty,
}

/// The faults that are on, one a service at most.
#[derive(Debug, Default)]
pub struct Switches(Mutex<[Option<Switch>; Service::ALL.len()]>);

#[derive(Debug)]
struct Switch {
    fault: Fault,
    /// For how many requests more; forever when there is no number.
    left: Option<u32>,
}

impl Switches {
    /// Does what an order's JSON says, or tells what is wrong with it.
    pub fn switch(&self, order: &[u8]) -> Result<(), String> {
        let Order { service, fault, times } = Order::parse(order)?;
        self.switches()[service as usize] = fault.map(|fault| Switch { fault, left: times });
        Ok(())
    }

    /// What is to go wrong with this request, which counts.
    pub fn take(&self, service: Service, request: &Received) -> Option<Fault> {
        let switch = &mut self.switches()[service as usize];
        let on = switch.as_mut().filter(|on| on.fault.concerns(service, request))?;
        if let Some(left) = &mut on.left {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    *switch = None;
                    return None;
                }
            }
        }
        Some(on.fault.clone())
    }

    /// Nothing goes wrong any more.
    pub fn reset(&self) {
        *self.switches() = Default::default();
    }

    fn switches(&self) -> MutexGuard<'_, [Option<Switch>; Service::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// What it calls a failure of its own.
    fn internal_failure(self) -> &'static str {
        match self {
            // RFC 6749, 4.1.2.1: the token endpoint has no word for it.
            Self::Oidc => "server_error",
            Self::Sts | Self::InstanceMetadata | Self::Container => "InternalFailure",
        }
    }

    /// What it calls a request that it does not take.
    fn bad_request(self) -> &'static str {
        match self {
            Self::Oidc => "invalid_request",
            Self::Sts | Self::InstanceMetadata | Self::Container => "ValidationError",
        }
    }
}

impl Fault {
    /// Whether a request can have it. An error with status 200 only a document can: so IMDS tells of a role that is not to
    /// be had.
    fn concerns(&self, service: Service, request: &Received) -> bool {
        match self {
            Self::Error(Failure { status: 200, .. }) if service == Service::InstanceMetadata => {
                instance_metadata::has_document(request)
            }
            _ => true,
        }
    }

    /// The response, and what was asked for where that was found out. `proper` makes the right answer, `fail` gives a
    /// failure the service's shape.
    pub(super) fn response(
        &self,
        service: Service,
        request: &Received,
        proper: impl FnOnce() -> (&'static str, Reply),
        fail: impl FnOnce(Failure) -> Reply,
    ) -> (&'static str, Response<Script>) {
        let (action, reply) = match self {
            Self::Cut | Self::Huge | Self::WrongType | Self::Slow(_) => proper(),
            Self::Error(failure) => ("-", fail(failure.clone())),
            Self::Echo => ("-", fail(echo(service, request))),
            Self::Redirect => ("-", Reply::new(302, "", "").with("location", ELSEWHERE)),
            Self::Garbage => ("-", Reply::new(200, "application/octet-stream", GARBAGE)),
            Self::Empty | Self::Stall | Self::Reset => ("-", Reply::new(200, "", "")),
        };
        let response = match self {
            Self::Cut => cut(reply),
            Self::Huge => huge(reply).into(),
            Self::WrongType => Reply { content_type: "text/html", ..reply }.into(),
            _ => reply.into(),
        };
        (action, response)
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Error(_) => "error",
            Self::Slow(_) => "slow",
            Self::Stall => "stall",
            Self::Reset => "reset",
            Self::Garbage => "garbage",
            Self::Cut => "cut",
            Self::Huge => "huge",
            Self::Redirect => "redirect",
            Self::Echo => "echo",
            Self::WrongType => "wrongType",
            Self::Empty => "empty",
        }
    }
}

fn echo(service: Service, request: &Received) -> Failure {
    let mut message = String::from_utf8_lossy(&request.body).into_owned();
    for name in SECRET_HEADERS {
        if let Some(value) = request.header(name) {
            message.push_str(&format!(" {name}: {value}"));
        }
    }
    Failure::new(400, service.bad_request(), message)
}

fn cut(mut reply: Reply) -> Response<Script> {
    let body = Bytes::from(std::mem::take(&mut reply.body));
    let half = body.slice(..body.len() / 2);
    // Of an answer without a body something is missing too.
    let announced = body.len().max(1);
    reply.announcing(announced, Script::new([Step::Send(half), Step::Wait(BEFORE_CUT), Step::Abort], false))
}

fn huge(mut reply: Reply) -> Reply {
    let length = reply.body.len().max(HUGE);
    reply.body.resize(length, b' ');
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};

    fn request(target: &str) -> Received {
        Received {
            method: Method::GET,
            target: target.into(),
            host: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            sha256: String::new(),
        }
    }

    #[test]
    fn a_fault_stays_as_long_as_it_was_asked_for() {
        let switches = Switches::default();
        let order = |text: &str| switches.switch(text.as_bytes());
        order(r#"{"service":"sts","fault":"stall"}"#).expect("an order");
        order(r#"{"service":"container","fault":"slow","ms":7,"times":2}"#).expect("an order");
        for (service, expected) in [
            (Service::Sts, Some(Fault::Stall)),
            (Service::Sts, Some(Fault::Stall)),
            (Service::Oidc, None),
            (Service::Container, Some(Fault::Slow(Duration::from_millis(7)))),
            (Service::Container, Some(Fault::Slow(Duration::from_millis(7)))),
            (Service::Container, None),
        ] {
            assert_eq!(switches.take(service, &request("/")), expected);
        }
        order(r#"{"service":"sts","fault":"none"}"#).expect("an order");
        assert_eq!(switches.take(Service::Sts, &request("/")), None);
    }

    #[test]
    fn only_documents_tell_of_a_role_that_is_not_to_be_had() {
        let switches = Switches::default();
        let order = r#"{"service":"instanceMetadata","fault":"error","status":200,"times":1}"#;
        switches.switch(order.as_bytes()).expect("an order");
        for (path, spoilt) in [
            ("/latest/api/token", false),
            ("/latest/meta-data/iam/security-credentials/", false),
            ("/latest/meta-data/iam/security-credentials/gateway-role", true),
        ] {
            assert_eq!(switches.take(Service::InstanceMetadata, &request(path)).is_some(), spoilt, "{path}");
        }
    }
}
