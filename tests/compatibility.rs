//! The tables of `docs/compatibility.md`, made of the filter's own and of what it does with a request of each kind.
//!
//! `UPDATE_DOCS=1 cargo test --test compatibility` writes them anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::bedrock::betas;
use bedrock_messages::bedrock::fields::{FIELDS, Field, SERVER_TOOLS, Why};
use bedrock_messages::config::Config;
use bedrock_messages::json::When;
use exchange::{Outcome, config, outcome};
use serde_json::{Value, json};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/compatibility.md");
type Table = fn() -> String;
const TABLES: [(&str, Table); 4] =
    [("upstreams", upstreams), ("endpoints", endpoints), ("betas", beta_table), ("fields", field_table)];

#[test]
fn the_checked_in_tables_are_current() {
    let written = std::fs::read_to_string(DOCUMENT).unwrap();
    let current = TABLES.iter().fold(written.clone(), |text, (name, table)| {
        let begin = format!("<!-- table: {name} -->\n");
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{name}: no such mark"));
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        format!("{before}{begin}{}<!-- end -->{after}", table())
    });
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(DOCUMENT, &current).unwrap();
    } else {
        assert_eq!(written, current, "UPDATE_DOCS=1 cargo test --test compatibility");
    }
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        assert_eq!(cells.len(), head.len(), "{cells:?}");
        format!("| {} |\n", cells.join(" | "))
    };
    let head: Vec<_> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    rows.into_iter().fold(line(&head) + &rule, |text, row| text + &line(&row))
}

// === Upstreams and endpoints ===

const MODEL: &str = "claude-sonnet-4-5";
const NEWER: &str = "claude-opus-5";
const MESSAGES: &str = "/v1/messages";
const COUNT: &str = "/v1/messages/count_tokens";
/// What a client may say beside its body, and a configuration of Bedrock's own headers.
const HEAD: [(&str, &str); 3] = [
    ("anthropic-version", "2026-10-21"),
    ("anthropic-beta", "effort-2025-11-24"),
    ("anthropic-user-profile-id", "someone"),
];
const KNOBS: &str = r#""serviceTier": "flex", "performanceLatency": "optimized", "requestMetadata": {"team": "a"}"#;
const GUARDRAIL: &str = r#", "guardrail": {"identifier": "g", "version": "1", "trace": "ENABLED"}"#;

/// A request as it leaves under an upstream.
struct Sent {
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Sent {
    fn of(upstream: &str, more: &str, path: &str, body: Value) -> Self {
        let config = config(&format!(r#"{{"upstream": "{upstream}", {KNOBS}{more}}}"#));
        let head = [&[(":method", "POST"), (":path", path)][..], &HEAD].concat();
        let Outcome::Sent(outgoing, sent) = outcome(&config, &head, &body.to_string()) else { panic!("{path} {body}") };
        let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
        let headers = outgoing.headers.iter().map(|(name, value)| (*name, text(value))).collect();
        Self { headers, body: serde_json::from_slice(&sent).unwrap() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// `` `bedrock-runtime` `/model/{id}/invoke` ``
    fn call(&self) -> String {
        let (host, _) = self.header(":authority").unwrap().split_once('.').unwrap();
        let mut path: Vec<_> = self.header(":path").unwrap().split('/').collect();
        if path[1] == "model" {
            path[2] = "{id}";
        }
        format!("`{host}` `{}`", path.join("/"))
    }

    /// The id in its path or in its body.
    fn model(&self) -> String {
        let path: Vec<_> = self.header(":path").unwrap().split('/').collect();
        let id = if path[1] == "model" {
            path[2].replace("%3A", ":")
        } else {
            self.body["model"].as_str().unwrap().to_owned()
        };
        format!("`{id}`")
    }

    fn service(&self) -> String {
        format!("`{}`", self.header("authorization").unwrap().split('/').nth(3).unwrap())
    }

    /// Where something stands: a header, or a member of the body.
    fn place(&self, header: &str, member: &str) -> String {
        match (self.header(header), self.body.get(member)) {
            (Some(value), None) => format!("header `{header}: {value}`"),
            (None, Some(value)) => format!("body `\"{member}\":{value}`"),
            (None, None) => "not sent".to_owned(),
            both => panic!("{both:?}"),
        }
    }

    fn knobs(&self) -> String {
        let own = self.headers.iter().map(|(name, _)| *name);
        let own: Vec<_> =
            own.filter(|name| name.starts_with("x-amzn-bedrock-") && !name.ends_with("-accept")).collect();
        if own.is_empty() { "not sent".to_owned() } else { format!("{} headers `x-amzn-bedrock-…`", own.len()) }
    }
}

fn upstreams() -> String {
    const UPSTREAMS: [&str; 3] = ["invoke", "runtimeNative", "mantle"];
    let message = |model: &str| json!({"model": model, "max_tokens": 1, "messages": []});
    let counted = json!({"model": MODEL, "messages": []});
    let mut stream = message(MODEL);
    stream["stream"] = true.into();
    let on_mantle = r#", "countTokens": "mantle""#;
    type Cell = fn(&Sent) -> String;
    let rows: [(&str, &str, &str, Value, Cell); 11] = [
        ("`POST /v1/messages`", "", MESSAGES, message(MODEL), Sent::call),
        ("… with `\"stream\": true`", "", MESSAGES, stream, Sent::call),
        ("`POST /v1/messages/count_tokens`", "", COUNT, counted.clone(), Sent::call),
        ("… with `countTokens: \"mantle\"`", on_mantle, COUNT, counted.clone(), Sent::call),
        ("service that is signed for", "", MESSAGES, message(MODEL), Sent::service),
        ("`claude-sonnet-4-5` in `us-east-1`", "", MESSAGES, message(MODEL), Sent::model),
        ("… when tokens are counted", "", COUNT, counted, Sent::model),
        ("`anthropic-version: 2026-10-21`", "", MESSAGES, message(MODEL), |sent| {
            sent.place("anthropic-version", "anthropic_version")
        }),
        ("`anthropic-beta: effort-2025-11-24`", "", MESSAGES, message(MODEL), |sent| {
            sent.place("anthropic-beta", "anthropic_beta")
        }),
        ("`anthropic-user-profile-id: someone`, models since 4.7", "", MESSAGES, message(NEWER), |sent| {
            sent.place("anthropic-user-profile-id", "user_profile_id")
        }),
        ("tier, latency, metadata of the configuration", "", MESSAGES, message(MODEL), Sent::knobs),
    ];
    let guarded = UPSTREAMS.map(|upstream| {
        let config = format!(r#"{{"region": "us-east-1", "upstream": "{upstream}"{GUARDRAIL}}}"#);
        match Config::parse(config.as_bytes(), &|_| None) {
            Ok(_) => Sent::of(upstream, GUARDRAIL, MESSAGES, message(MODEL)).knobs(),
            Err(_) => "such a configuration is refused".to_owned(),
        }
    });
    table(
        &["request", "`invoke`", "`runtimeNative`", "`mantle`"],
        rows.iter()
            .map(|(name, more, path, body, cell)| {
                let cells = UPSTREAMS.iter().map(|upstream| cell(&Sent::of(upstream, more, path, body.clone())));
                [(*name).to_owned()].into_iter().chain(cells).collect()
            })
            .chain([["… and its guardrail".to_owned()].into_iter().chain(guarded).collect()]),
    )
}

fn endpoints() -> String {
    let answer = |method: &str, path: &str| match outcome(&config("{}"), &[(":method", method), (":path", path)], "") {
        Outcome::PassedAtOnce => "passed on, untouched".to_owned(),
        Outcome::Answered(reply) if reply.status == 200 => "200, the filter's own".to_owned(),
        Outcome::Answered(reply) => {
            let envelope: Value = serde_json::from_slice(&reply.body).unwrap();
            let allow = reply.headers.iter().find(|(name, _)| *name == "allow");
            let allow = allow.map(|(_, value)| format!(", `allow: {}`", String::from_utf8_lossy(value)));
            format!("{} `{}`{}", reply.status, envelope["error"]["type"].as_str().unwrap(), allow.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    };
    let row = |what: &str, requests: &[(&str, &str)]| {
        let answers: Vec<_> = requests.iter().map(|(method, path)| answer(method, path)).collect();
        assert!(answers.iter().all(|other| *other == answers[0]), "{what}: {answers:?}");
        let names: Vec<_> = requests.iter().map(|(method, path)| format!("`{method} {path}`")).collect();
        vec![names.join(", "), what.to_owned(), answers[0].clone()]
    };
    table(
        &["request", "what it is", "answer"],
        [
            row("Models", &[("GET", "/v1/models?limit=1000"), ("GET", "/v1/models/claude-opus-5")]),
            row("whether it is there: Claude Code asks at its start", &[("HEAD", "/api/hello")]),
            row(
                "Message Batches",
                &[("POST", "/v1/messages/batches"), ("GET", "/v1/messages/batches/msgbatch_1/results")],
            ),
            row("Files", &[("POST", "/v1/files"), ("GET", "/v1/files/file_1/content")]),
            row("Skills", &[("GET", "/v1/skills")]),
            row("Text Completions", &[("POST", "/v1/complete")]),
            row("Admin", &[("GET", "/v1/organizations/me")]),
            row("other methods", &[("GET", "/v1/messages"), ("PUT", "/v1/messages/count_tokens")]),
            row("other methods", &[("DELETE", "/v1/models/claude-opus-5")]),
            row(
                "paths of AWS's, which only the filter may ask for",
                &[("POST", "/model/m/invoke"), ("POST", "/anthropic/v1/messages")],
            ),
            row("anything else", &[("GET", "/v1/tomorrow"), ("GET", "/healthz")]),
        ],
    )
}

// === Betas ===

fn beta_table() -> String {
    let fields = |beta: &str| {
        let needing = FIELDS.iter().filter(|field| matches!(field.why, Why::Beta(needed) if needed == beta));
        let adding = FIELDS.iter().filter(|field| field.adds == Some(beta) && !matches!(field.why, Why::Beta(_)));
        let mut cells: Vec<_> = needing.map(|field| field_cell(field).0).collect();
        cells.extend(adding.map(|field| format!("{}, which stands for it", field_cell(field).0)));
        if beta == betas::LONG_CONTEXT {
            cells.push("a model's name with `[1m]`, which asks for it".to_owned());
        }
        cells.join(", ")
    };
    let rows = betas::all().map(|(beta, newer)| {
        let others: Vec<_> =
            betas::ALIASES.iter().filter(|(_, to)| *to == beta).map(|(from, _)| format!("`{from}`")).collect();
        let models = if newer { "4.7 and later" } else { "all" };
        vec![format!("`{beta}`"), others.join(", "), models.to_owned(), fields(beta)]
    });
    table(&["beta", "also asked for as", "models", "members that depend on it"], rows)
}

// === Fields ===

/// Which values a row is about: in words, one that fits, one that does not. Rows of one name are told apart by these.
const VALUES: &[(&str, &str, &str, &str)] = &[
    ("tools[].eager_input_streaming", "`true`", "true", "false"),
    ("tools[].eager_input_streaming", "other than `true`", "false", "true"),
    (
        "metadata.user_id",
        "a text over 256 characters, or with others than letters, digits, white space and `_.@-+=/,#$`",
        r#""{\"device_id\":\"a\"}""#,
        r#""user-1""#,
    ),
    ("context_management.edits[].type", "`clear_thinking_20251015`", r#""clear_thinking_20251015""#, r#""x""#),
    ("context_management.edits[].type", "`clear_tool_uses_20250919`", r#""clear_tool_uses_20250919""#, r#""x""#),
    ("context_management.edits[].type", "`compact_20260112`", r#""compact_20260112""#, r#""x""#),
    ("tools[].type", "", r#""web_search_20250305""#, r#""bash_20250124""#),
    ("source.type", "`url`, `file`", r#""url""#, r#""base64""#),
    ("messages[].content[].type", "`container_upload`", r#""container_upload""#, r#""text""#),
];

/// A row's name with its values in words and where it may stand, and a value that it is about.
fn field_cell(field: &Field) -> (String, Value) {
    let (name, value) = valued(field);
    let places: Vec<_> = field.paths().map(|path| format!("`{path}`")).collect();
    if field.paths().any(|path| path == field.name) {
        (name, value)
    } else {
        (format!("{name} ({})", places.join(", ")), value)
    }
}

fn valued(field: &Field) -> (String, Value) {
    let name = format!("`{}`", field.name);
    let (When::Value(test) | When::OfElement(test)) = field.when else { return (name, json!({"x": 1})) };
    let fits = |(known, _, fits, not): &&(&str, &str, &str, &str)| {
        *known == field.name && test(fits.as_bytes()) && !test(not.as_bytes())
    };
    let found: Vec<_> = VALUES.iter().filter(fits).collect();
    let [(_, words, value, _)] = found[..] else { panic!("{}: {found:?} of VALUES", field.name) };
    let tools = SERVER_TOOLS.iter().map(|tool| format!("`{tool}{}`", if tool.ends_with('_') { "…" } else { "" }));
    let words = if words.is_empty() { tools.collect::<Vec<_>>().join(", ") } else { (*words).to_owned() };
    (format!("{name}: {words}"), serde_json::from_str(value).unwrap())
}

/// A request with this value at a path of names and arrays.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, segment| match segment.split_once("[]") {
        Some((name, _)) => json!({name: [inner]}),
        None => json!({segment: inner}),
    })
}

/// What becomes of a member under a mode of `fields`.
fn becomes(field: &Field, mode: &str, value: &Value) -> String {
    let results: Vec<_> = field.paths().map(|path| becomes_at(field, mode, &path, value)).collect();
    assert!(results.iter().all(|other| *other == results[0]), "{}: {results:?}", field.name);
    results[0].clone()
}

fn becomes_at(field: &Field, mode: &str, path: &str, value: &Value) -> String {
    let run = |model: &str, settings: &str, endpoint: &str, betas: &str| {
        let mut body = at(path, value.clone());
        body["model"] = model.into();
        let config = config(&format!(r#"{{"fields": {{"mode": "{mode}"}}{settings}}}"#));
        let head = [(":method", "POST"), (":path", endpoint), ("anthropic-beta", betas)];
        match outcome(&config, &head, &body.to_string()) {
            Outcome::Sent(_, sent) => {
                let sent: Value = serde_json::from_slice(&sent).unwrap();
                let top = path.split(['.', '[']).next().unwrap();
                match sent.get(top) {
                    None => "taken out",
                    Some(left) => {
                        assert_eq!(*left, body[top]);
                        "sent"
                    }
                }
            }
            Outcome::Answered(reply) => {
                let first = path.replace("[]", "[0]");
                assert!(reply.status == 400 && String::from_utf8(reply.body).unwrap().contains(&first), "{path}");
                "400"
            }
            other => panic!("{other:?}"),
        }
    };
    let usual = run(NEWER, "", MESSAGES, "");
    let (otherwise, when) = match field.why {
        Why::Beta(beta) => {
            let denied = format!(r#", "betas": {{"deny": ["{beta}"]}}"#);
            (run(NEWER, &denied, MESSAGES, beta), "if that was asked for and is not sent".to_owned())
        }
        Why::Newer => (run(MODEL, "", MESSAGES, ""), "for older ones".to_owned()),
        Why::CountingOnMantle => (run(NEWER, r#", "countTokens": "mantle""#, COUNT, ""), "there".to_owned()),
        Why::Refused | Why::Impossible(_) => (usual, String::new()),
    };
    if otherwise == usual { usual.to_owned() } else { format!("{usual}; {otherwise} {when}") }
}

fn field_table() -> String {
    let rows = FIELDS.iter().map(|field| {
        let (cell, value) = field_cell(field);
        let why = match field.why {
            Why::Refused => "refuses it".to_owned(),
            Why::Impossible(what) => format!("has no such thing: {what}"),
            Why::Beta(beta) => format!("takes it with `{beta}`"),
            Why::Newer => "takes it for models since 4.7".to_owned(),
            Why::CountingOnMantle => "refuses it in `count_tokens` of mantle".to_owned(),
        };
        let adds = field.adds.map(|beta| format!("; asks for `{beta}`")).unwrap_or_default();
        let strip = becomes(field, "strip", &value) + &adds;
        let observed = becomes(field, "observe", &value);
        assert!(observed == "sent" || field.why == Why::CountingOnMantle, "{cell}: {observed}");
        vec![cell, why, strip, becomes(field, "strict", &value)]
    });
    table(&["member", "Bedrock", "`strip`", "`strict`"], rows)
}
