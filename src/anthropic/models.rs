//! The Models API: "List Models" and "Get a Model" (<https://docs.claude.com/en/api/models-list>).

use percent_encoding::percent_decode;
use serde::Serialize;

/// A model as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry<'a> {
    /// Always `model`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What a request's `model` may say.
    pub id: &'a str,
    /// For people.
    pub display_name: &'a str,
    /// RFC 3339.
    pub created_at: &'static str,
    /// `active`, `deprecated` or `retired`.
    pub lifecycle: &'static str,
}

impl<'a> Entry<'a> {
    /// A model.
    pub fn new(id: &'a str, display_name: &'a str, created_at: &'static str, lifecycle: &'static str) -> Self {
        Self { kind: "model", id, display_name, created_at, lifecycle }
    }

    /// The answer to "Get a Model".
    pub fn document(&self) -> Vec<u8> {
        json(self)
    }
}

#[derive(Serialize)]
struct Page<'a> {
    data: &'a [Entry<'a>],
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

/// The answer to "List Models": the part of the list that the query asks for. The error names the parameter.
pub fn page(models: &[Entry<'_>], query: &[u8]) -> Result<Vec<u8>, &'static str> {
    const DEFAULT: usize = 20;
    const MOST: usize = 1000;
    let limit = match parameter(query, "limit") {
        None => DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or("limit: expected a whole number from 1 to 1000")?,
    };
    let at = |id: String| models.iter().position(|model| model.id == id);
    let (data, has_more) = match (parameter(query, "after_id"), parameter(query, "before_id")) {
        (Some(_), Some(_)) => return Err("before_id: expected no after_id beside it"),
        (None, Some(id)) => {
            let before = at(id).and_then(|at| models.get(..at)).ok_or("before_id: no model here has this id")?;
            let first = before.len().saturating_sub(limit);
            (before.get(first..).unwrap_or_default(), first > 0)
        }
        (after, None) => {
            let rest = match after {
                None => models,
                Some(id) => {
                    let rest = at(id).and_then(|at| models.get(at..)?.get(1..));
                    rest.ok_or("after_id: no model here has this id")?
                }
            };
            (rest.get(..limit).unwrap_or(rest), rest.len() > limit)
        }
    };
    Ok(json(&Page {
        data,
        has_more,
        first_id: data.first().map(|model| model.id),
        last_id: data.last().map(|model| model.id),
    }))
}

/// The first value of a parameter of a query.
fn parameter(query: &[u8], name: &str) -> Option<String> {
    let mut pairs = query.split(|byte| *byte == b'&');
    let value = pairs.find_map(|pair| match pair.strip_prefix(name.as_bytes())? {
        [] => Some(&[][..]),
        [b'=', value @ ..] => Some(value),
        _ => None,
    })?;
    let value: Vec<u8> = value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Some(percent_decode(&value).decode_utf8_lossy().into_owned())
}

/// Texts and booleans always have a JSON form.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
