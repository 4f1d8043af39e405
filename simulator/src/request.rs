//! One request as it was received: every byte that a signature covers, and the operation its path names.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

/// A request, its body read to the end.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// Path and query, not decoded.
    pub target: String,
    /// The host: the `host` header, or HTTP/2's `:authority`.
    pub host: String,
    /// The headers, in the order they came.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// SHA-256 of the body, in lower-case hex.
    pub sha256: String,
}

impl Received {
    /// A header's value when there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// What is done with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// One JSON answer.
    Invoke,
    /// An event stream.
    InvokeStream,
    /// How many tokens a prompt is.
    CountTokens,
}

impl Operation {
    /// AWS's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoke => "InvokeModel",
            Self::InvokeStream => "InvokeModelWithResponseStream",
            Self::CountTokens => "CountTokens",
        }
    }

    /// The operation by the last segment of the path.
    fn by_verb(verb: &str) -> Option<Self> {
        match verb {
            "invoke" => Some(Self::Invoke),
            "invoke-with-response-stream" => Some(Self::InvokeStream),
            "count-tokens" => Some(Self::CountTokens),
            _ => None,
        }
    }
}

/// Splits `POST /model/{id}/{verb}` and decodes the id. `None` for anything else: an id's `/` has to be `%2F`.
pub fn route<'a>(method: &Method, path: &'a str) -> Option<(Operation, Cow<'a, str>)> {
    if method != Method::POST {
        return None;
    }
    let (id, verb) = path.strip_prefix("/model/")?.split_once('/')?;
    let operation = Operation::by_verb(verb)?;
    Some((operation, percent_decode_str(id).decode_utf8_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_decoded_once() {
        let routed = |path| route(&Method::POST, path).map(|(operation, id)| (operation, id.into_owned()));
        assert_eq!(routed("/model/a%3A0/invoke"), Some((Operation::Invoke, "a:0".into())));
        assert_eq!(routed("/model/a:0/invoke"), Some((Operation::Invoke, "a:0".into())));
        assert_eq!(
            routed("/model/arn%3Aaws%2Fb%253A/invoke-with-response-stream"),
            Some((Operation::InvokeStream, "arn:aws/b%3A".into()))
        );
        assert_eq!(routed("/model/a/b/invoke"), None);
        assert_eq!(routed("/model/a/converse"), None);
        assert_eq!(routed("/v1/messages"), None);
        assert_eq!(route(&Method::GET, "/model/a/invoke"), None);
    }
}
