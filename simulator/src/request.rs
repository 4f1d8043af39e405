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

/// Which of AWS's services a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `bedrock-runtime`.
    Runtime,
    /// `bedrock-mantle`.
    Mantle,
}

impl Service {
    /// The service that a host belongs to: any host is the runtime's but those that begin with `bedrock-mantle.`
    pub fn of_host(host: &str) -> Self {
        if host.starts_with("bedrock-mantle.") { Self::Mantle } else { Self::Runtime }
    }

    /// The service in the scope of a signature.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Runtime => "bedrock",
            Self::Mantle => "bedrock-mantle",
        }
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// An operation on the model of that id.
    Model(Operation, Cow<'a, str>),
    /// The native Messages API.
    Messages,
    /// The native API's counting of tokens.
    MessagesCount,
}

/// What is done with a model that the path names.
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
    fn by_verb(verb: &str) -> Option<Self> {
        match verb {
            "invoke" => Some(Self::Invoke),
            "invoke-with-response-stream" => Some(Self::InvokeStream),
            "count-tokens" => Some(Self::CountTokens),
            _ => None,
        }
    }
}

impl Route<'_> {
    /// The operation's name, AWS's where it has one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Model(Operation::Invoke, _) => "InvokeModel",
            Self::Model(Operation::InvokeStream, _) => "InvokeModelWithResponseStream",
            Self::Model(Operation::CountTokens, _) => "CountTokens",
            Self::Messages => "Messages",
            Self::MessagesCount => "Messages/count_tokens",
        }
    }
}

/// What a method and a path ask a service for. In `/model/{id}/{verb}` an id's `/` has to be `%2F`.
pub fn route<'a>(service: Service, method: &Method, path: &'a str) -> Option<Route<'a>> {
    if method != Method::POST {
        return None;
    }
    match path {
        "/anthropic/v1/messages" => return Some(Route::Messages),
        "/anthropic/v1/messages/count_tokens" => return Some(Route::MessagesCount),
        _ => {}
    }
    let (id, verb) = path.strip_prefix("/model/").filter(|_| service == Service::Runtime)?.split_once('/')?;
    Some(Route::Model(Operation::by_verb(verb)?, percent_decode_str(id).decode_utf8_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_decoded_once() {
        let routed = |path| route(Service::Runtime, &Method::POST, path);
        assert_eq!(routed("/model/a%3A0/invoke"), Some(Route::Model(Operation::Invoke, "a:0".into())));
        assert_eq!(routed("/model/a:0/count-tokens"), Some(Route::Model(Operation::CountTokens, "a:0".into())));
        assert_eq!(
            routed("/model/arn%3Aaws%2Fb%253A/invoke-with-response-stream"),
            Some(Route::Model(Operation::InvokeStream, "arn:aws/b%3A".into()))
        );
        assert_eq!(routed("/model/a/b/invoke"), None);
        assert_eq!(routed("/model/a/converse"), None);
        assert_eq!(routed("/v1/messages"), None);
        assert_eq!(route(Service::Runtime, &Method::GET, "/model/a/invoke"), None);
    }

    #[test]
    fn mantle_is_native_alone() {
        assert_eq!(Service::of_host("bedrock-mantle.eu-west-1.api.aws:443"), Service::Mantle);
        assert_eq!(Service::of_host("bedrock-runtime.eu-west-1.amazonaws.com"), Service::Runtime);
        for service in [Service::Runtime, Service::Mantle] {
            assert_eq!(route(service, &Method::POST, "/anthropic/v1/messages"), Some(Route::Messages));
        }
        assert_eq!(route(Service::Mantle, &Method::POST, "/model/a/invoke"), None);
    }
}
