//! A plausible value for a JSON Schema: what the model puts into a tool call or a structured answer.

use serde_json::{Map, Value, json};

use super::prompt::{beginning, text_of};

/// How deep a schema is followed; one that refers to itself ends here.
const DEPTH: usize = 8;

/// Strings by what the property's name has in it.
const BY_NAME: &[(&str, &str)] = &[
    ("city", "Paris"),
    ("location", "Paris"),
    ("country", "France"),
    ("email", "user@example.com"),
    ("url", "https://example.com/"),
    ("path", "/tmp/example.txt"),
    ("command", "echo hello"),
    ("date", "2026-01-01"),
    ("time", "12:00"),
    ("language", "en"),
    ("unit", "celsius"),
];

/// Strings by the schema's `format`.
const BY_FORMAT: &[(&str, &str)] = &[
    ("date-time", "2026-01-01T12:00:00Z"),
    ("date", "2026-01-01"),
    ("time", "12:00:00Z"),
    ("email", "user@example.com"),
    ("uri", "https://example.com/"),
    ("uuid", "00000000-0000-4000-8000-000000000000"),
];

/// The input of a call of `tool`.
pub(super) fn input(tool: &Value, question: &str) -> Value {
    match tool.get("input_schema") {
        Some(schema) => match value(schema, question) {
            input @ Value::Object(_) => input,
            _ => json!({}),
        },
        None if text_of(tool, "type").starts_with("bash_") => json!({ "command": "echo hello" }),
        None if text_of(tool, "type").starts_with("computer_") => json!({ "action": "screenshot" }),
        None => json!({ "command": "view", "path": "/tmp/example.txt" }),
    }
}

/// A value that fits the schema.
pub(super) fn value(schema: &Value, question: &str) -> Value {
    Sampler { root: schema, question }.value(schema, "", DEPTH)
}

struct Sampler<'a> {
    root: &'a Value,
    question: &'a str,
}

impl Sampler<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth == 0 {
            return Value::Null;
        }
        if let Some(given) = given(schema) {
            return given.clone();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|path| self.referred(path)) {
            return self.value(target, name, depth - 1);
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            if let Some(first) = schema.get(choice).and_then(|choices| choices.get(0)) {
                return self.value(first, name, depth - 1);
            }
        }
        match kind(schema) {
            "string" => Value::String(self.string(schema, name)),
            "integer" => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(1)),
            "number" => json!(schema.get("minimum").and_then(Value::as_f64).unwrap_or(1.5)),
            "boolean" => json!(true),
            "array" => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 16);
                let item = schema.get("items").map_or(json!("example"), |items| self.value(items, name, depth - 1));
                Value::Array(vec![item; usize::try_from(least).unwrap_or(1)])
            }
            "null" => Value::Null,
            _ => self.object(schema, depth),
        }
    }

    /// The required properties, or all where none is named.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return json!({}) };
        let required: Vec<&str> = match schema.get("required").and_then(Value::as_array) {
            Some(required) if !required.is_empty() => required.iter().filter_map(Value::as_str).collect(),
            _ => properties.keys().map(String::as_str).collect(),
        };
        let member = |name: &str| Some((name.to_owned(), self.value(properties.get(name)?, name, depth - 1)));
        Value::Object(required.into_iter().filter_map(member).collect::<Map<_, _>>())
    }

    fn string(&self, schema: &Value, name: &str) -> String {
        let format = text_of(schema, "format");
        let lower = name.to_lowercase();
        let by_format = BY_FORMAT.iter().find(|(known, _)| *known == format);
        let by_name = || BY_NAME.iter().find(|(part, _)| lower.contains(part));
        let mut text = match by_format.or_else(by_name) {
            Some((_, text)) => (*text).to_owned(),
            None if ["query", "prompt", "question", "text", "description"].contains(&&*lower) => {
                beginning(self.question).to_owned()
            }
            None => "example".to_owned(),
        };
        let length = |member| schema.get(member).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        while length("minLength").is_some_and(|least| text.len() < least.min(1024)) {
            text.push('x');
        }
        if let Some((end, _)) = length("maxLength").and_then(|most| text.char_indices().nth(most)) {
            text.truncate(end);
        }
        text
    }

    /// `#/$defs/Name`
    fn referred(&self, path: &str) -> Option<&Value> {
        self.root.pointer(path.strip_prefix('#')?)
    }
}

/// A value that the schema itself names.
fn given(schema: &Value) -> Option<&Value> {
    let first = |member: &str| schema.get(member).and_then(|list| list.get(0));
    schema.get("const").or_else(|| schema.get("default")).or_else(|| first("enum")).or_else(|| first("examples"))
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or(""),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "location": { "type": "string" },
                "unit": { "enum": ["kelvin", "celsius"] },
                "days": { "type": "integer", "minimum": 3 },
                "tags": { "type": "array", "items": { "type": ["null", "string"] }, "minItems": 2 },
                "who": { "$ref": "#/$defs/Person" },
                "left_out": { "type": "string" }
            },
            "required": ["location", "unit", "days", "tags", "who"],
            "$defs": { "Person": { "properties": { "friend": { "$ref": "#/$defs/Person" }, "email": { "type": "string" } }, "required": ["email"] } }
        });
        assert_eq!(
            value(&schema, ""),
            json!({ "location": "Paris", "unit": "kelvin", "days": 3, "tags": ["example", "example"], "who": { "email": "user@example.com" } })
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "properties": { "next": { "$ref": "#" } }, "required": ["next"] });
        assert!(value(&schema, "").to_string().len() < 100);
    }
}
