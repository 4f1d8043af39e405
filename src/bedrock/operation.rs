//! Bedrock runtime operations (botocore `bedrock-runtime/2023-09-30/service-2.json`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// An operation on a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `InvokeModel`: a JSON document.
    InvokeModel,
    /// `InvokeModelWithResponseStream`: an event stream.
    InvokeModelWithResponseStream,
}

/// Everything but RFC 3986's unreserved characters: `:` and `/` of ids and ARNs are encoded too, as botocore does.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Operation {
    /// The path, as it is sent.
    pub fn path(self, model_id: &str) -> String {
        let action = match self {
            Operation::InvokeModel => "invoke",
            Operation::InvokeModelWithResponseStream => "invoke-with-response-stream",
        };
        format!("/model/{}/{action}", utf8_percent_encode(model_id, LABEL))
    }

    /// The header that names the type of answer that is wanted.
    pub fn accept_header(self) -> &'static str {
        match self {
            Operation::InvokeModel => "accept",
            Operation::InvokeModelWithResponseStream => "x-amzn-bedrock-accept",
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
    }
}
