//! What is asked of AWS: operations of the Bedrock runtime (botocore `bedrock-runtime/2023-09-30/service-2.json`), and
//! those of the Messages API that the runtime and bedrock-mantle serve too.

use crate::json::Coding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `InvokeModel`: a JSON document.
    InvokeModel,
    /// `InvokeModelWithResponseStream`: an event stream.
    InvokeModelWithResponseStream,
    /// `CountTokens`: a JSON document.
    CountTokens,
    /// Anthropic's own, on the runtime or on mantle: a JSON document or server-sent events.
    Messages,
    /// Anthropic's own, on mantle: a JSON document.
    MessagesCountTokens,
}

/// Everything but RFC 3986's unreserved characters: `:` and `/` of ids and ARNs are encoded too, as botocore does.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Operation {
    /// Its name, for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Operation::InvokeModel => "InvokeModel",
            Operation::InvokeModelWithResponseStream => "InvokeModelWithResponseStream",
            Operation::CountTokens => "CountTokens",
            Operation::Messages => "Messages",
            Operation::MessagesCountTokens => "MessagesCountTokens",
        }
    }

    /// The path, as it is sent.
    pub fn path(self, model_id: &str) -> String {
        let action = match self {
            Operation::InvokeModel => "invoke",
            Operation::InvokeModelWithResponseStream => "invoke-with-response-stream",
            Operation::CountTokens => "count-tokens",
            Operation::Messages => return "/anthropic/v1/messages".to_owned(),
            Operation::MessagesCountTokens => return "/anthropic/v1/messages/count_tokens".to_owned(),
        };
        format!("/model/{}/{action}", utf8_percent_encode(model_id, LABEL))
    }

    /// Whether it takes Bedrock's own headers (guardrail, service tier and the like).
    pub fn has_knobs(self) -> bool {
        matches!(self, Operation::InvokeModel | Operation::InvokeModelWithResponseStream)
    }

    /// Whether it is one of Anthropic's API, with the model in its body.
    pub fn is_native(self) -> bool {
        matches!(self, Operation::Messages | Operation::MessagesCountTokens)
    }

    /// The header that names the type of answer that is wanted.
    pub fn accept_header(self) -> &'static str {
        match self {
            Operation::InvokeModelWithResponseStream => "x-amzn-bedrock-accept",
            _ => "accept",
        }
    }

    /// How the body of a Messages request stands in its body.
    pub fn coding(self) -> Coding {
        match self {
            Operation::CountTokens => {
                Coding::Base64 { before: r#"{"input":{"invokeModel":{"body":""#, after: r#""}}}"# }
            }
            _ => Coding::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn ids_and_arns_are_one_path_segment() {
        for (id, path) in [
            (
                "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
            ),
            ("arn:aws:bedrock:us-east-1:1:p/a", "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ap%2Fa/invoke"),
            ("a?b#c%d é", "/model/a%3Fb%23c%25d%20%C3%A9/invoke"),
        ] {
            assert_eq!(Operation::InvokeModel.path(id), path);
        }
        assert!(Operation::InvokeModelWithResponseStream.path("m").ends_with("/m/invoke-with-response-stream"));
        assert!(Operation::CountTokens.path("m").ends_with("/m/count-tokens"));
    }
}
