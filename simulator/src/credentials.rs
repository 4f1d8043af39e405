//! The services that hand out credentials: STS, the metadata service of instances, the endpoint for containers, and an
//! OIDC provider. They share the listener with Bedrock; the request's host says which one is meant.
//!
//! A request goes: [`service`] says whom it is for, [`faults`] what is to go wrong, the service answers, [`counts`] and a
//! recorder of their own remember it. [`issued`] has the keys that were handed out, [`tokens`] mints and checks JWTs.

pub mod container;
pub mod counts;
pub mod faults;
pub mod form;
pub mod instance_metadata;
pub mod issued;
pub mod oidc;
pub mod reply;
pub mod service;
pub mod sts;
pub mod tokens;

use std::time::{Duration, SystemTime};

use http::{HeaderName, Response};
use serde_json::{Value, json};

use crate::config::Config;
use crate::recorder::Recorder;
use crate::request::Received;
use crate::script::Script;
use faults::{Fault, Switches};
use reply::{Failure, Granted};

pub use issued::{Issued, Session};
pub use service::Service;

/// The account that everything belongs to.
pub const ACCOUNT: &str = "123456789012";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What the services know together.
#[derive(Debug, Default)]
pub struct Credentials {
    /// The keys that were handed out.
    pub issued: Issued,
    /// Mints and checks JWTs.
    pub tokens: tokens::Tokens,
    /// What is to go wrong.
    pub faults: Switches,
    /// The requests to these services.
    pub recorder: Recorder,
    metadata: instance_metadata::State,
    counts: counts::Counts,
}

/// One request on its way, and what there is to answer it with.
struct Call<'a> {
    request: &'a Received,
    request_id: &'a str,
    config: &'a Config,
    state: &'a Credentials,
    now: SystemTime,
}

/// What became of a request.
struct Served {
    /// What was asked for; `-` when nothing that is known.
    action: &'static str,
    result: Result<Granted, Failure>,
}

impl Credentials {
    /// Answers a request to a service; `None` closes the connection.
    pub async fn answer(
        &self,
        service: Service,
        request: Received,
        request_id: &str,
        config: &Config,
    ) -> Option<Response<Script>> {
        self.counts.called(service, SystemTime::now());
        let fault = self.faults.take(service, &request);
        match &fault {
            Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
            Some(Fault::Stall) => {
                self.finish(service, request, request_id, "-", "fault: stalled", 0);
                return std::future::pending().await;
            }
            Some(Fault::Reset) => {
                self.finish(service, request, request_id, "-", "fault: reset", 0);
                return None;
            }
            _ => {}
        }
        let call = Call { request: &request, request_id, config, state: self, now: SystemTime::now() };
        let (action, outcome, mut response) = match fault {
            Some(fault) if !matches!(fault, Fault::Slow(_)) => spoilt(service, &call, &fault),
            _ => self.proper(service, &call),
        };
        if let (Service::Sts, Ok(id)) = (service, request_id.parse()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        self.finish(service, request, request_id, action, &outcome, response.status().as_u16());
        Some(response)
    }

    /// The answer as the service itself makes it.
    fn proper(&self, service: Service, call: &Call<'_>) -> (&'static str, String, Response<Script>) {
        let Served { action, result } = serve(service, call);
        match result {
            Ok(granted) => {
                self.counts.succeeded(service, granted.document);
                (action, granted.outcome, granted.reply.into())
            }
            Err(failure) => {
                (action, format!("refused {}", failure.code), service.failed(&failure, call.request_id).into())
            }
        }
    }

    /// The log's line, and the record.
    fn finish(&self, service: Service, request: Received, id: &str, action: &str, outcome: &str, status: u16) {
        let (method, length) = (&request.method, request.body.len());
        tracing::info!("{method} {} {action} | {outcome} | {status} | {length} bytes", service.name());
        self.recorder.keep(request, id, outcome, status);
    }

    /// How often the services were called, and what they handed out.
    pub fn json(&self) -> Value {
        let (issued, expired_uses) = self.issued.listing();
        json!({ "calls": self.counts.json(), "issued": issued, "expiredUses": expired_uses })
    }

    /// Forgets faults, counts and requests; what was handed out stays good.
    pub fn reset(&self) {
        self.faults.reset();
        self.counts.reset();
        self.recorder.reset();
        self.issued.reset();
    }
}

fn serve(service: Service, call: &Call<'_>) -> Served {
    match service {
        Service::Sts => sts::serve(call),
        Service::Oidc => oidc::serve(call),
        Service::InstanceMetadata => instance_metadata::serve(call),
        Service::Container => container::serve(call),
    }
}

/// What a fault makes of the answer.
fn spoilt(service: Service, call: &Call<'_>, fault: &Fault) -> (&'static str, String, Response<Script>) {
    let proper = || {
        let Served { action, result } = serve(service, call);
        let reply = result.map_or_else(|failure| service.failed(&failure, call.request_id), |granted| granted.reply);
        (action, reply)
    };
    let fail = |failure: Failure| service.failed(&failure, call.request_id);
    let (action, response) = fault.response(service, call.request, proper, fail);
    (action, format!("fault: {}", fault.word()), response)
}

impl Call<'_> {
    /// New keys for a session, for as long as that service has it when nothing else is configured.
    fn issue(&self, service: Service, arn: &str, usual: Duration) -> Session {
        let life = self.config.credentials.session_life.unwrap_or(usual);
        self.state.issued.issue(service, arn, life, self.now)
    }
}

/// A time as AWS writes it: `2026-11-22T12:00:00Z`.
fn timestamp(time: SystemTime) -> String {
    const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time::OffsetDateTime::from(time).format(FORMAT).unwrap_or_default()
}
