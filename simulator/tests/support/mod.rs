//! A client of the simulator: requests over a real connection, signed by AWS's signer, streams read by AWS's decoder.

#![allow(dead_code)] // Each test binary uses its part.

pub mod credentials;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bedrock_simulator::{Config, Server};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// A model of the newest generation.
pub const OPUS: &str = "us.anthropic.claude-opus-5";

/// A running simulator.
pub struct Simulator {
    pub address: SocketAddr,
    pub config: Config,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as it arrived, piece by piece.
    pub pieces: Vec<Bytes>,
    /// Whether the body ended as HTTP says it must.
    pub complete: bool,
}

/// What is changed of a request: between its signature and its leaving, except `keys`, `at`, `region` and `service`.
pub struct Call {
    pub path: String,
    pub body: Bytes,
    pub headers: Vec<(&'static str, String)>,
    pub config: Config,
    pub service: &'static str,
    pub at: SystemTime,
}

impl Simulator {
    /// Starts one whose streams do not wait between events.
    pub async fn start() -> Self {
        Self::start_with(Config { token_delay: Duration::ZERO, ..Config::default() }).await
    }

    pub async fn start_with(config: Config) -> Self {
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), config.clone()).await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(server.serve());
        Self { address, config }
    }

    pub fn call(&self, model: &str, verb: &str, body: &Value) -> Call {
        let model = model.replace(':', "%3A").replace('/', "%2F");
        Call {
            path: format!("/model/{model}/{verb}"),
            body: body.to_string().into(),
            headers: vec![("content-type", "application/json".into())],
            config: self.config.clone(),
            service: "bedrock",
            at: SystemTime::now(),
        }
    }

    /// A call of the native API, on the runtime.
    pub fn native_call(&self, body: &Value) -> Call {
        Call {
            path: "/anthropic/v1/messages".into(),
            headers: vec![("content-type", "application/json".into()), ("anthropic-version", "2023-06-01".into())],
            ..self.call(MODEL, "", body)
        }
    }

    /// The same on mantle.
    pub fn mantle_call(&self, body: &Value) -> Call {
        let mut call = self.native_call(body);
        call.headers.push(("host", "bedrock-mantle.us-east-1.api.aws".into()));
        call.service = "bedrock-mantle";
        call
    }

    /// The signed headers of a call, `authorization` among them.
    pub fn sign(&self, call: &Call) -> Vec<(&'static str, String)> {
        let keys = &call.config.keys;
        let identity =
            Credentials::from_keys(&keys.access_key_id, &keys.secret_access_key, keys.session_token.clone()).into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&call.config.region)
            .name(call.service)
            .time(call.at)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let host = call.headers.iter().find(|(name, _)| *name == "host").map(|(_, value)| value.clone());
        let uri = format!("http://{}{}", host.unwrap_or_else(|| self.address.to_string()), call.path);
        let request = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(&call.body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let (signed, _) = instructions.into_parts();
        call.headers
            .iter()
            .cloned()
            .chain(signed.into_iter().map(|header| (header.name(), header.value().to_owned())))
            .collect()
    }

    /// Signs and sends.
    pub async fn send(&self, call: &Call) -> Reply {
        self.exchange("POST", &call.path, &self.sign(call), call.body.clone()).await
    }

    pub async fn invoke(&self, body: &Value) -> Reply {
        self.send(&self.call(MODEL, "invoke", body)).await
    }

    pub async fn stream(&self, body: &Value) -> Reply {
        self.send(&self.call(MODEL, "invoke-with-response-stream", body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.exchange("GET", path, &[], Bytes::new()).await.json()
    }

    /// Sends just these bytes.
    pub async fn exchange(&self, method: &str, path: &str, headers: &[(&str, String)], body: Bytes) -> Reply {
        self.attempt(method, path, headers, body).await.unwrap()
    }

    /// The same where there may be no answer.
    pub async fn attempt(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Bytes,
    ) -> hyper::Result<Reply> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let (head, mut body) = sender.send_request(request.body(Full::new(body)).unwrap()).await?.into_parts();
        let mut pieces = Vec::new();
        let complete = loop {
            match body.frame().await {
                Some(Ok(frame)) => pieces.extend(frame.into_data()),
                Some(Err(_)) => break false,
                None => break true,
            }
        };
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, pieces, complete })
    }
}

impl Reply {
    pub fn body(&self) -> Bytes {
        self.pieces.concat().into()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The name in `x-amzn-errortype` and the message, of an error shaped as Bedrock shapes them.
    pub fn refusal(&self) -> (u16, String, String) {
        let (name, rest) = self.header("x-amzn-errortype").split_once(':').unwrap();
        assert_eq!(rest, "http://internal.amazon.com/coral/com.amazon.bedrock/");
        assert_eq!(self.header("x-amzn-requestid").len(), 36);
        assert_eq!(self.header("content-type"), "application/json");
        (self.status, name.to_owned(), self.json()["message"].as_str().unwrap().to_owned())
    }

    /// Status, type and message of an error shaped as the native API shapes them.
    pub fn native_error(&self) -> (u16, String, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("x-amzn-requestid").len(), 36);
        assert_eq!(self.header("x-amzn-errortype"), "");
        assert_eq!((&body["type"], &body["request_id"]), (&json!("error"), &json!(self.header("request-id"))));
        let text = |member: &str| body["error"][member].as_str().unwrap().to_owned();
        (self.status, text("type"), text("message"))
    }

    /// The server-sent events: name and data.
    pub fn sse(&self) -> Vec<(String, Value)> {
        let body = String::from_utf8(self.body().to_vec()).unwrap();
        let whole = body.split_inclusive("\n\n").filter_map(|event| event.strip_suffix("\n\n"));
        let parsed = whole.map(|event| {
            let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
            (name.to_owned(), serde_json::from_str(data).unwrap())
        });
        parsed.collect()
    }

    /// The frames, or the decoder's refusal; a frame that is not whole is left out.
    pub fn frames(&self) -> Result<Vec<Message>, String> {
        let mut decoder = MessageFrameDecoder::new();
        let mut bytes = BytesMut::from(&self.body()[..]);
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            match decoder.decode_frame(&mut bytes).map_err(|error| error.to_string())? {
                DecodedFrame::Complete(message) => frames.push(message),
                DecodedFrame::Incomplete => break,
            }
        }
        Ok(frames)
    }

    /// The events inside the chunks.
    pub fn events(&self) -> Vec<Value> {
        let frames = self.frames().unwrap();
        frames.iter().filter(|frame| header_of(frame, ":event-type") == "chunk").map(event).collect()
    }
}

/// The event in a chunk.
pub fn event(frame: &Message) -> Value {
    let payload: Value = serde_json::from_slice(frame.payload()).unwrap();
    serde_json::from_slice(&STANDARD.decode(payload["bytes"].as_str().unwrap()).unwrap()).unwrap()
}

/// A frame's header, or nothing.
pub fn header_of<'a>(frame: &'a Message, name: &str) -> &'a str {
    let found = frame.headers().iter().find(|header| header.name().as_str() == name);
    found.map_or("", |header| header.value().as_string().unwrap().as_str())
}

/// A request that asks this.
pub fn ask(text: &str) -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 1000,
        "messages": [{ "role": "user", "content": text }],
    })
}

/// A native request that asks this of a model, with other members.
pub fn ask_natively(model: &str, text: &str, members: Value) -> Value {
    let mut body = json!({
        "model": model,
        "max_tokens": 1000,
        "messages": [{ "role": "user", "content": text }],
    });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A request that asks this, with other members.
pub fn ask_with(text: &str, members: Value) -> Value {
    let mut body = ask(text);
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}
