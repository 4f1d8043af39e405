//! The body of a Messages request as InvokeModel wants it: which top-level members go, and which come in.

use super::headers::Headers;
use super::reply::Reply;
use crate::json::{Editor, Taken, Taking};
use serde_json::Value;

/// Bedrock's version of the Messages API, whatever the client's header or body said (Bedrock user guide, "Anthropic
/// Claude Messages API": `anthropic_version` must be this).
const ANTHROPIC_VERSION: &str = "bedrock-2023-05-31";

/// Members that are taken out, and how long their values can be. A model id has 2,048 characters at most, each of six
/// bytes when it is escaped.
const TAKINGS: &[Taking] = &[
    Taking { name: "model", most: 2 + 6 * 2048 },
    Taking { name: "stream", most: 64 },
    Taking { name: "anthropic_version", most: 0 },
    Taking { name: "anthropic_beta", most: 16 * 1024 },
];
const MODEL: usize = 0;
const STREAM: usize = 1;
const BETA: usize = 3;

/// An editor for a request's body; `hash` when it will be signed.
pub fn editor(hash: bool) -> Editor {
    Editor::new(TAKINGS, hash)
}

/// The client's model, once it was read.
pub fn model(editor: &Editor) -> Option<Result<String, Reply>> {
    let taken = editor.taken(MODEL)?;
    Some(serde_json::from_slice(&taken.value).map_err(|_| wrong("model", "must be a string", taken)))
}

/// Whether the client wants a stream.
pub fn stream(editor: &Editor) -> Result<bool, Reply> {
    match editor.taken(STREAM) {
        None => Ok(false),
        Some(taken) => {
            serde_json::from_slice(&taken.value).map_err(|_| wrong("stream", "must be true or false", taken))
        }
    }
}

/// The members that come in: the version, and every beta of the head and the body, once each and in order.
pub fn members(editor: &Editor, mut betas: Vec<String>) -> Result<String, Reply> {
    if let Some(taken) = editor.taken(BETA) {
        let listed: Vec<String> = serde_json::from_slice(&taken.value)
            .map_err(|_| wrong("anthropic_beta", "must be an array of strings", taken))?;
        for beta in listed {
            push_new(&mut betas, &beta);
        }
    }
    let mut members = format!(r#""anthropic_version":"{ANTHROPIC_VERSION}""#);
    if !betas.is_empty() {
        members.push_str(r#","anthropic_beta":"#);
        members.push_str(&Value::from(betas).to_string());
    }
    Ok(members)
}

/// The betas of every `anthropic-beta` line, each a comma-separated list.
pub fn betas(head: &Headers<'_>) -> Vec<String> {
    let mut betas = Vec::new();
    for line in head.all("anthropic-beta") {
        for beta in String::from_utf8_lossy(line).split(',') {
            push_new(&mut betas, beta.trim());
        }
    }
    betas
}

fn push_new(betas: &mut Vec<String>, beta: &str) {
    if !beta.is_empty() && !betas.iter().any(|known| known == beta) {
        betas.push(beta.to_owned());
    }
}

fn wrong(name: &str, what: &str, taken: &Taken) -> Reply {
    Reply::invalid(&format!("{name}: {what} (byte {})", taken.at))
}
