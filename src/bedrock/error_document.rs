//! The bodies of error answers: AWS's own, Anthropic's envelope of the native upstreams, and whatever something between
//! Envoy and AWS may send.

use crate::json::{Taking, taken};
use serde_json::Value;

/// Of a document that cannot be read, this many characters are shown …
const LONGEST_EXCERPT: usize = 300;
/// … of as many bytes.
const LONGEST_READ: usize = 8 * 1024;

/// What an error document says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// `code` or `__type`.
    pub name: Option<String>,
    /// `message` or `Message`.
    pub message: Option<String>,
    /// `originalStatusCode`.
    pub original_status: Option<u16>,
    /// Set when the document has Anthropic's shape.
    pub envelope: Option<Envelope>,
}

/// Anthropic's envelope (<https://docs.claude.com/en/api/errors#error-shapes>), as native upstreams answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `error.type`.
    pub kind: String,
    /// `error`, byte for byte: it may have members that nobody here knows.
    pub error: String,
    /// `request_id`.
    pub request_id: Option<String>,
}

const ERROR: &[Taking] = &[Taking { name: "error", most: usize::MAX }];

impl Document {
    /// Reads a body; one that is no JSON object says nothing, and neither does an empty text.
    pub fn read(body: &[u8]) -> Self {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |path: &str| {
            let text = document.pointer(path)?.as_str().filter(|text| !text.is_empty())?;
            Some(text.to_owned())
        };
        let message = text("/message").or_else(|| text("/Message")).or_else(|| text("/error/message"));
        let original_status = document.get("originalStatusCode").and_then(Value::as_u64);
        Self {
            name: text("/code").or_else(|| text("/__type")),
            message: message.or_else(|| text("/originalMessage")),
            original_status: original_status.and_then(|status| status.try_into().ok()),
            envelope: envelope(body, &document),
        }
    }
}

fn envelope(body: &[u8], document: &Value) -> Option<Envelope> {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    if text("/type") != Some("error") || text("/error/message").is_none_or(str::is_empty) {
        return None;
    }
    let kind = text("/error/type").filter(|kind| !kind.is_empty())?;
    let error = taken(body, ERROR)?.pop()??;
    Some(Envelope {
        kind: kind.to_owned(),
        error: String::from_utf8(error.value).ok()?,
        request_id: text("/request_id").map(str::to_owned),
    })
}

/// The words of a body that is no error document, such as a proxy's page: without tags, style sheets, scripts and
/// control characters, and not many.
pub fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..LONGEST_READ).unwrap_or(body));
    let mut rest = text.as_ref();
    let mut words = String::new();
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        rest = after_tag(tag);
    }
    words.push_str(rest);

    let odd = |c: char| c.is_whitespace() || c.is_control() || c == char::REPLACEMENT_CHARACTER;
    let mut shown = String::new();
    for word in words.split(odd).filter(|word| !word.is_empty()) {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
        if let Some((end, _)) = shown.char_indices().nth(LONGEST_EXCERPT) {
            shown.truncate(end);
            shown.push('…');
            break;
        }
    }
    shown
}

/// What follows a tag, given without its `<`; of an element or a comment that is not for readers, what follows its end.
fn after_tag(tag: &str) -> &str {
    let begins = |name: &str| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let end = match () {
        () if begins("!--") => "-->",
        () if begins("script") || begins("style") => "</",
        () => "",
    };
    tag.find(end).and_then(|at| tag.get(at..)?.split_once('>')).map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_in_either_spelling() {
        let read = |text: &str| Document::read(text.as_bytes());
        let message = |text: &str| Some(text.to_owned());
        assert_eq!(read(r#"{"message":"no"}"#).message, message("no"));
        let both = Document { name: message("X"), message: message("no"), ..Document::default() };
        assert_eq!(read(r#"{"Message":"no","code":"X"}"#), both);
        let status = Document { name: message("a#B"), original_status: Some(429), ..Document::default() };
        assert_eq!(read(r#"{"__type":"a#B","message":3,"originalStatusCode":429}"#), status);
        // The shape of OpenAI's errors, which mantle's front has too.
        assert_eq!(read(r#"{"error":{"code":"invalid_api_key","message":"no"}}"#).message, message("no"));
        let model = r#"{"message":"","originalMessage":"of the model","originalStatusCode":70000}"#;
        assert_eq!(read(model), Document { message: message("of the model"), ..Document::default() });
        for other in ["", "<html>", "[]", "\"x\"", "{", r#"{"message":"cut"#] {
            assert_eq!(read(other), Document::default());
        }
    }

    #[test]
    fn an_envelope_is_known_by_its_members() {
        let error = r#"{"type":"new_error", "message":"no","details":{"error_code":"x"}}"#;
        let text = format!(r#"{{"request_id":"req_1","error": {error} ,"type":"error"}}"#);
        let envelope = Document::read(text.as_bytes()).envelope.unwrap();
        assert_eq!((envelope.kind.as_str(), envelope.error.as_str()), ("new_error", error));
        assert_eq!(envelope.request_id.as_deref(), Some("req_1"));
        for other in [
            r#"{"error":{"type":"a","message":"no"}}"#,
            r#"{"type":"message","error":{"type":"a","message":"no"}}"#,
            r#"{"type":"error","error":{"type":"a","message":""}}"#,
            r#"{"type":"error","error":{"type":"","message":"no"}}"#,
            r#"{"type":"error","error":{"message":"no"}}"#,
            r#"{"type":"error","error":"no"}"#,
        ] {
            assert_eq!(Document::read(other.as_bytes()).envelope, None, "{other}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_plain() {
        for (page, expected) in [
            ("", ""),
            (" plain\r\n\ttext\u{1b}[0m ", "plain text [0m"),
            (
                "<html><head><title>503 Busy</title></head><body><h1>Busy</h1>\n<p>later</body></html>",
                "503 Busy Busy later",
            ),
            ("<style type=x>b > i { a: b }</style>a<SCRIPT>if (a < b && b > c) { d() }</SCRIPT>b", "a b"),
            ("<!-- a <b> c -->after", "after"),
            ("before<script>never ends > here", "before"),
            ("before<never ends", "before"),
            ("a<é>b", "a b"),
            (r#"{"message":"Too ma"#, r#"{"message":"Too ma"#),
        ] {
            assert_eq!(excerpt(page.as_bytes()), expected, "{page}");
        }
        assert_eq!(excerpt(b"\x1f\x8b\x00\xffa"), "a");
        for long in ["é".repeat(LONGEST_READ), "é ".repeat(LONGEST_READ), "<p>é".repeat(LONGEST_READ)] {
            let shown = excerpt(long.as_bytes());
            assert!(shown.starts_with('é') && shown.ends_with('…'));
            assert_eq!(shown.chars().count(), LONGEST_EXCERPT + 1);
        }
    }
}
