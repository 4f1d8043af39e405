//! The listener: HTTP/1.1 and HTTP/2 without TLS, one task a connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};

use crate::answer::{self, Answer};
use crate::config::Config;
use crate::credentials::{Credentials, Service};
use crate::questions;
use crate::recorder::Recorder;
use crate::request::Received;
use crate::script::Script;

/// A body longer than this is not read to its end.
const READ_LIMIT: usize = 64 << 20;

/// How long to wait when no connection can be accepted, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A simulator that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    recorder: Recorder,
    credentials: Credentials,
    started: u128,
    count: AtomicU64,
}

impl Server {
    /// Listens on an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let shared = Shared {
            config,
            recorder: Recorder::default(),
            credentials: Credentials::default(),
            started,
            count: AtomicU64::new(0),
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the future is dropped.
    pub async fn serve(self) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&self.shared)));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let service = service_fn(move |request| handle(request, Arc::clone(&shared)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(None);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn handle(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Script>, Unanswered> {
    let Some(received) = receive(request).await.map_err(Unanswered::Unread)? else {
        tracing::info!("a body over {READ_LIMIT} bytes was not read to its end");
        return Ok(answer::too_long());
    };
    if let Some(question) = received.path().strip_prefix(questions::PREFIX) {
        return Ok(questions::answer(question, &received, &shared.recorder, &shared.credentials));
    }
    if let Some(service) = Service::of(&received) {
        let id = shared.request_id();
        let answered = shared.credentials.answer(service, received, &id, &shared.config).await;
        return answered.ok_or(Unanswered::Fault);
    }
    // A long body takes its time to parse: not on a thread that other streams are paced by.
    let answered = tokio::task::spawn_blocking(move || respond(received, &shared)).await;
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "no answer could be made");
            return Ok(answer::plain_json(500, &json!({ "message": "simulator: no answer could be made" })));
        }
    };
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    Ok(answer.response)
}

/// Reads a request to its end; `None` when it is too long for that.
async fn receive(request: Request<Incoming>) -> Result<Option<Received>, hyper::Error> {
    let (head, mut incoming) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let announced = header("content-length").and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    let host = header("host").or(head.uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
    let host = host.to_owned();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut body = Vec::with_capacity(announced.min(READ_LIMIT));
    let mut hash = Sha256::new();
    while let Some(frame) = incoming.frame().await {
        if let Ok(piece) = frame?.into_data() {
            if body.len() + piece.len() > READ_LIMIT {
                return Ok(None);
            }
            hash.update(&piece);
            body.extend_from_slice(&piece);
        }
    }
    Ok(Some(Received {
        method: head.method,
        target,
        host,
        headers: head.headers,
        body: Bytes::from(body),
        sha256: hex::encode(hash.finalize()),
    }))
}

fn respond(request: Received, shared: &Shared) -> Answer {
    let id = shared.request_id();
    let answer =
        answer::answer(&request, &id, &shared.config, &shared.credentials.issued, &shared.recorder, SystemTime::now());
    let status = answer.response.status().as_u16();
    tracing::info!(
        "{} {} {} | {} | {status} | {} bytes",
        request.method,
        answer.model_id.escape_debug(),
        answer.operation,
        answer.auth,
        request.body.len()
    );
    shared.recorder.keep(request, &id, &answer.auth, status);
    answer
}

/// Why a request gets no answer; its connection is closed.
#[derive(Debug)]
enum Unanswered {
    /// It did not come to its end.
    Unread(hyper::Error),
    /// A fault wants it so.
    Fault,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => error.fmt(f),
            Self::Fault => f.write_str("a fault left a request unanswered"),
        }
    }
}

impl std::error::Error for Unanswered {}

impl Shared {
    /// A UUID that no other request of any run has.
    fn request_id(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let digest = hex::encode(Sha256::digest(format!("{}/{count}", self.started)));
        let part = |from, to| digest.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
    }
}
