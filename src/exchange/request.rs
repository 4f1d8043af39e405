//! The request's half of the story.

use super::headers::{self, HeaderMap, Headers};
use super::reply::Reply;
use super::response::Response;
use super::{Begin, body, model, route};
use crate::anthropic::error::ErrorType;
use crate::aws::credentials::Credentials;
use crate::aws::sigv4::{SignableRequest, Signer};
use crate::bedrock::operation::Operation;
use crate::config::{Config, Source};
use crate::json::{Edit, Edited, Editor};
use std::rc::Rc;

/// A request that the filter holds.
pub struct Request {
    config: Rc<Config>,
    /// It goes to Bedrock for certain; false while its model has yet to be read.
    decided: bool,
    carried: HeaderMap,
    betas: Vec<String>,
    editor: Editor,
    read: usize,
}

/// What a piece of the body brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    More,
    /// The request is not ours after all: on with it, untouched.
    Pass,
}

/// What the end of the request brought.
pub enum Finish {
    /// The request is not ours after all: on with it, untouched.
    Pass,
    /// Change the request so and send it; the second half of the story follows.
    Send(Outgoing, Response),
}

/// How the request leaves.
#[derive(Debug)]
pub struct Outgoing {
    /// All of its headers.
    pub headers: HeaderMap,
    /// Changes to its body.
    pub edits: Vec<Edit>,
}

impl Request {
    pub(super) fn take(config: &Rc<Config>, head: &Headers<'_>, decided: bool) -> Begin {
        let length = head.text("content-length").and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > config.limits.request_bytes as u64) {
            return if decided { Begin::Answer(too_large(config)) } else { Begin::Pass };
        }
        Begin::Take(Box::new(Self {
            config: config.clone(),
            decided,
            carried: headers::carried(head),
            betas: body::betas(head),
            editor: body::editor(matches!(config.credentials, Source::Ready(Credentials::AccessKey(_)))),
            read: 0,
        }))
    }

    /// Reads the next piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Result<Progress, Reply> {
        let room = self.config.limits.request_bytes.saturating_sub(self.read);
        let within = piece.get(..room).unwrap_or(piece);
        self.read = self.read.saturating_add(within.len());
        let read = match self.editor.feed(within) {
            Err(error) => Err(Reply::invalid(&format!("request body: {error}"))),
            Ok(()) if within.len() < piece.len() => Err(too_large(&self.config)),
            Ok(()) => Ok(Progress::More),
        };
        // Before the fault: one behind the model must not count for more because both came in one piece.
        if !self.decided
            && let Some(name) = body::model(&self.editor)
        {
            self.decided = name.is_ok_and(|name| route::is_bedrock_model(&self.config, &name));
            if !self.decided {
                return Ok(Progress::Pass);
            }
        }
        // With a fault before the model, the request is not ours.
        if self.decided { read } else { Ok(read.unwrap_or(Progress::Pass)) }
    }

    /// The body is complete. `signer` is of this configuration; `unix_seconds` is the time now.
    pub fn finish(self, signer: &mut Signer, unix_seconds: u64) -> Result<Finish, Reply> {
        if !self.decided {
            return Ok(Finish::Pass);
        }
        let Self { config, editor, carried, betas, .. } = self;
        let name = body::model(&editor);
        let stream = body::stream(&editor);
        let members = body::members(&editor, betas);
        let edited = editor.finish(&members?).map_err(|error| Reply::invalid(&format!("request body: {error}")))?;
        let name = name.ok_or_else(|| Reply::invalid("model: field required"))??;
        let operation = if stream? { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel };
        let path = operation.path(&model::resolve(&config, &name)?.id);
        let headers = outgoing_headers(&config, carried, operation, path, &edited, signer, unix_seconds)?;
        let stream = operation == Operation::InvokeModelWithResponseStream;
        let response = Response::new(stream, config.limits.frame_bytes);
        Ok(Finish::Send(Outgoing { headers, edits: edited.edits }, response))
    }

    /// Something else answers the request before it was complete: what becomes of that answer, if the request is ours.
    pub fn interrupted(&self) -> Option<Response> {
        self.decided.then(|| Response::new(false, self.config.limits.frame_bytes))
    }
}

/// The whole header map of the request to Bedrock: what is carried of the client's, what the operation needs, and the
/// authorization over it.
fn outgoing_headers(
    config: &Config,
    mut map: HeaderMap,
    operation: Operation,
    path: String,
    edited: &Edited,
    signer: &mut Signer,
    unix_seconds: u64,
) -> Result<HeaderMap, Reply> {
    let content_type = "application/json";
    match &config.credentials {
        Source::Missing(reason) => {
            let reply = Reply::error(500, ErrorType::Api, &format!("the gateway has no AWS credentials: {reason}"));
            return Err(reply.with("x-should-retry", "false"));
        }
        Source::Ready(Credentials::ApiKey(key)) => {
            map.push(("authorization", format!("Bearer {}", key.expose()).into_bytes()));
        }
        Source::Ready(Credentials::AccessKey(key)) => {
            let mut signed = vec![("content-type", content_type), ("host", config.host.as_str())];
            if operation.accept_header().starts_with("x-amzn-") {
                signed.push((operation.accept_header(), content_type));
            }
            let request = SignableRequest {
                method: "POST",
                path: &path,
                query: "",
                headers: &signed,
                payload_sha256: edited.sha256.unwrap_or_default(),
            };
            let signature = signer.sign(&request, key, unix_seconds);
            map.push(("x-amz-date", signature.amz_date.into_bytes()));
            map.extend(key.session_token.as_ref().map(|token| ("x-amz-security-token", token.expose().into())));
            map.push(("authorization", signature.authorization.into_bytes()));
        }
    }
    map.extend([
        (":method", b"POST".to_vec()),
        (":path", path.into_bytes()),
        (":authority", config.host.clone().into_bytes()),
        ("content-type", content_type.into()),
        (operation.accept_header(), content_type.into()),
        ("accept-encoding", b"identity".to_vec()),
        ("content-length", edited.length.to_string().into_bytes()),
    ]);
    Ok(map)
}

fn too_large(config: &Config) -> Reply {
    let most = config.limits.request_bytes;
    Reply::error(
        413,
        ErrorType::RequestTooLarge,
        &format!("request body: larger than the {most} bytes this gateway takes"),
    )
}
