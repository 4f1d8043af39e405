//! The streaming editor: against a parser for what it accepts, against plain string work for what it makes.

#![allow(clippy::panic, clippy::indexing_slicing)] // Helpers of tests count as production code for clippy.

mod edits;

use bedrock_messages::json::{Coding, Edited, Editor, Error, Fault, MAX_DEPTH, Paths, Taking};
use edits::apply;
use proptest::prelude::*;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::rc::Rc;

const TAKINGS: &[Taking] = &[
    Taking { name: "model", most: 64 },
    Taking { name: "stream", most: 5 },
    Taking { name: "anthropic_version", most: 0 },
    Taking { name: "anthropic_beta", most: 4096 },
];
const MEMBERS: &str = r#""anthropic_version":"bedrock-2023-05-31""#;

/// What was taken out, by the table's order.
type Values = Vec<Option<Vec<u8>>>;

fn editor(digest: Option<Coding>) -> Editor {
    Editor::new(&Rc::new(Paths::new(TAKINGS, Vec::new())), &Rc::default(), digest)
}

fn edit_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Edited, Values), Error> {
    let mut editor = editor(Some(Coding::Plain));
    for piece in pieces {
        editor.feed(piece)?;
    }
    let taken = (0..TAKINGS.len()).map(|i| editor.taken(i).map(|taken| taken.value.clone())).collect();
    Ok((editor.finish(MEMBERS)?, taken))
}

/// The result in one piece and byte by byte, which must agree; with its length and digest checked.
fn edit(text: &[u8]) -> Result<(Vec<u8>, Values), Error> {
    let whole = edit_pieces([text]);
    let bytes = edit_pieces(text.chunks(1));
    match (whole, bytes) {
        (Ok((whole, taken)), Ok((bytes, taken_again))) => {
            let out = apply(text, &whole.edits);
            assert_eq!(out, apply(text, &bytes.edits));
            assert_eq!(taken, taken_again);
            for edited in [whole, bytes] {
                assert_eq!(edited.length, out.len() as u64);
                assert_eq!(edited.sha256, Some(Sha256::digest(&out).into()));
            }
            Ok((out, taken))
        }
        (Err(whole), Err(bytes)) => {
            assert_eq!(whole, bytes);
            Err(whole)
        }
        (whole, bytes) => panic!("one piece {:?}, bytes {:?}", whole.map(|_| ()), bytes.map(|_| ())),
    }
}

#[test]
fn takes_members_out_and_keeps_every_other_byte() {
    let version = MEMBERS;
    for (text, expected) in [
        (r#"{"model":"m"}"#, format!("{{{version}}}")),
        (r#"{"model":"m","a":1}"#, format!(r#"{{"a":1,{version}}}"#)),
        (r#"{"a":1,"model":"m"}"#, format!(r#"{{"a":1,{version}}}"#)),
        (r#"{"a":1,"model":"m","b":2}"#, format!(r#"{{"a":1,"b":2,{version}}}"#)),
        (r#"{"a":1,"model":"m","stream":true}"#, format!(r#"{{"a":1,{version}}}"#)),
        (r#"{"stream":true,"model":"m","a":{"model":1}}"#, format!(r#"{{"a":{{"model":1}},{version}}}"#)),
        (
            " {\n \"a\" : [ 1 , 2 ] ,\t\"model\" : \"m\" , \"b\" : { } \r\n} \n",
            format!(" {{\n \"a\" : [ 1 , 2 ]  , \"b\" : {{ }} \r\n,{version}}} \n"),
        ),
        (r#"{"mod\u0065l":"m","a":1}"#, format!(r#"{{"a":1,{version}}}"#)),
        (r#"{"anthropic_version":{"x":[1,"}"]},"a":-0.5e+10}"#, format!(r#"{{"a":-0.5e+10,{version}}}"#)),
        (r#"{}"#, format!("{{{version}}}")),
    ] {
        let (out, _) = edit(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{text}");
    }
}

#[test]
fn says_what_was_taken_and_where() {
    let text = br#"{"anthropic_beta": ["a", "b"], "model":"m", "stream" :true}"#;
    let (_, taken) = edit(text).unwrap();
    let taken: Vec<_> = taken.iter().map(|value| value.as_deref().map(String::from_utf8_lossy)).collect();
    assert_eq!(taken, [Some(r#""m""#.into()), Some("true".into()), None, Some(r#"["a", "b"]"#.into())]);
    let mut editor = editor(None);
    editor.feed(&text[..42]).unwrap();
    assert_eq!(editor.taken(0).unwrap().at, 39);
    assert_eq!(editor.taken(0).unwrap().value, br#""m""#);
}

#[test]
fn a_value_is_not_shown_before_it_is_complete() {
    let mut editor = editor(None);
    editor.feed(br#"{"model":"clau"#).unwrap();
    assert_eq!(editor.taken(0), None);
    editor.feed(br#"de""#).unwrap();
    assert_eq!(editor.taken(0).unwrap().value, br#""claude""#);
}

#[test]
fn refuses_what_is_wrong_and_says_where() {
    for (text, fault, at) in [
        ("", Fault::Truncated, 0),
        ("  ", Fault::Truncated, 2),
        ("hello", Fault::NotAnObject, 0),
        (" [1]", Fault::NotAnObject, 1),
        (r#"{"a":1"#, Fault::Truncated, 6),
        (r#"{"a":1}x"#, Fault::TrailingBytes, 7),
        (r#"{"a":1}{}"#, Fault::TrailingBytes, 7),
        (r#"{"a":1,}"#, Fault::Expected("a member's name"), 7),
        (r#"{,}"#, Fault::Expected("a member's name or '}'"), 1),
        (r#"{"a" 1}"#, Fault::Expected("':'"), 5),
        (r#"{"a":}"#, Fault::Expected("a value"), 5),
        (r#"{"a":[1,]}"#, Fault::Expected("a value"), 8),
        (r#"{"a":[1 2]}"#, Fault::Expected("',' or ']'"), 8),
        (r#"{"a":1 "b":2}"#, Fault::Expected("',' or '}'"), 7),
        (r#"{"a":[1}}"#, Fault::Expected("',' or ']'"), 7),
        (r#"{"a":tru}"#, Fault::Expected("true, false or null"), 8),
        (r#"{"a":01}"#, Fault::Expected("',' or '}'"), 6),
        (r#"{"a":-}"#, Fault::Expected("a digit"), 6),
        (r#"{"a":1.}"#, Fault::Expected("a digit"), 7),
        (r#"{"a":1e}"#, Fault::Expected("a digit"), 7),
        ("{\"a\":\"\n\"}", Fault::ControlCharacter, 6),
        (r#"{"a":"\x"}"#, Fault::InvalidEscape, 7),
        (r#"{"a":"\u12g4"}"#, Fault::InvalidEscape, 10),
        (r#"{"a":1,"b":2,"a":3}"#, Fault::DuplicateName, 13),
        (r#"{"model":"m","mod\u0065l":"n"}"#, Fault::DuplicateName, 13),
        (r#"{"\ud800":1,"\uD800":2}"#, Fault::DuplicateName, 12),
        (r#"{"stream":"yes, please"}"#, Fault::LongValue("stream"), 10),
    ] {
        assert_eq!(edit(text.as_bytes()).unwrap_err(), Error { fault, at }, "{text}");
    }
}

#[test]
fn refuses_strings_that_are_not_utf8() {
    for bad in [
        &b"\x80"[..],
        b"\xC0\x80",
        b"\xC3",
        b"\xE0\x80\x80",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF5\x80\x80\x80",
        b"\xE2\x82",
    ] {
        let text = [br#"{"a":"plain text "#, bad, br#""}"#].concat();
        let at = edit(&text).unwrap_err();
        assert_eq!(at.fault, Fault::InvalidUtf8, "{bad:?}");
        // The place is that of the byte, not of the characters before it.
        let behind_others = [br#"{"a":"plain text "#, "é€𐍈".as_bytes(), bad, br#""}"#].concat();
        assert_eq!(edit(&behind_others).unwrap_err(), Error { at: at.at + 9, ..at }, "{bad:?}");
    }
    for good in ["é", "€", "𐍈", "\u{D7FF}\u{E000}", "\u{10FFFF}", "\u{800}\u{10000}\u{7F}"] {
        edit(format!(r#"{{"a":"{good}"}}"#).as_bytes()).unwrap();
    }
}

#[test]
fn caps_depth_members_and_names() {
    let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    edit(nested(512).as_bytes()).unwrap();
    edit(nested(MAX_DEPTH).as_bytes()).unwrap();
    let error = edit(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!(error, Error { fault: Fault::TooDeep, at: 5 + MAX_DEPTH as u64 - 1 });

    let members =
        |count: usize| format!("{{{}}}", (0..count).map(|i| format!(r#""m{i}":0"#)).collect::<Vec<_>>().join(","));
    edit(members(256).as_bytes()).unwrap();
    assert_eq!(edit(members(257).as_bytes()).unwrap_err().fault, Fault::TooManyMembers(256));

    edit(format!(r#"{{"{}":0}}"#, "n".repeat(1022)).as_bytes()).unwrap();
    let long = format!(r#"{{"{}":0}}"#, "n".repeat(1023));
    assert_eq!(edit(long.as_bytes()).unwrap_err(), Error { fault: Fault::LongName(1024), at: 1 });
}

#[test]
fn a_long_tail_is_cut() {
    let text = format!("{{\"a\":1}}{}", " ".repeat(5000));
    let (out, _) = edit(text.as_bytes()).unwrap();
    assert_eq!(out.len(), text.len() - 5000 + 1023 + MEMBERS.len() + 1);
}

/// JSON as text, with odd spacing, escapes, surrogates, numbers beyond doubles and duplicate members inside.
fn json(depth: u32) -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", "", " ", "\n", "\t ", "\r\n"]);
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("true".to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?",
        string(),
    ];
    leaf.prop_recursive(depth, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec((space(), inner.clone(), space()), 0..5).prop_map(|items| {
                let items: Vec<_> = items.iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
                format!("[{}]", items.join(","))
            }),
            prop::collection::vec((space(), string(), space(), inner, space()), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(a, n, b, v, c)| format!("{a}{n}{b}:{v}{c}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z {}\\[\\]:,]{0,12}",
        "\\PC{0,4}".prop_map(|text| text.replace(['"', '\\'], "")),
        prop::sample::select(vec![
            "\\u0065",
            "\\ud83d\\ude00",
            "\\ud800",
            "\\\"",
            "\\\\",
            "\\/",
            "\\n",
            "é",
            "👋",
            "\u{2028}",
            "model"
        ])
        .prop_map(str::to_string),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        string(),
        prop::sample::select(vec!["model", "stream", "anthropic_beta", "anthropic_version", "messages", "mod\\u0065l"])
            .prop_map(|name| format!("\"{name}\"")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn keeps_every_other_byte(
        members in prop::collection::vec((name(), json(5), prop::sample::select(vec!["", " ", "\n\t"])), 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let decoded = |name: &str| serde_json::from_str::<String>(name).unwrap_or_else(|_| name.to_lowercase());
        let mut seen = HashSet::new();
        let members: Vec<_> = members.into_iter().filter(|(name, ..)| seen.insert(decoded(name))).collect();
        let long = |name: &str, value: &str| TAKINGS.iter().any(|t| t.name == decoded(name) && t.most > 0 && value.len() > t.most);
        let text = format!("{{{}}}", members.iter().map(|(n, v, s)| format!("{s}{n}{s}:{s}{v}{s}")).collect::<Vec<_>>().join(","));
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len())).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let pieces: Vec<_> = places.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]).collect();
        let result = edit_pieces(pieces.iter().copied());
        if members.iter().any(|(name, value, _)| long(name, value)) {
            let refused = matches!(result, Err(error) if matches!(error.fault, Fault::LongValue(_)));
            prop_assert!(refused);
            return Ok(());
        }
        let (edited, _) = result.unwrap();
        let out = String::from_utf8(apply(text.as_bytes(), &edited.edits)).unwrap();
        prop_assert_eq!(edited.length, out.len() as u64);
        prop_assert_eq!(edited.sha256, Some(Sha256::digest(&out).into()));
        let kept: String = members.iter().filter(|(n, ..)| !TAKINGS.iter().any(|t| t.name == decoded(n)))
            .map(|(n, v, s)| format!("{s}{n}{s}:{s}{v}{s}")).map(|member| member + ",").collect();
        let squeezed = |text: &str| text.split_ascii_whitespace().collect::<String>();
        // White space beside a removed member may go with it; the kept members' own bytes may not change.
        prop_assert_eq!(squeezed(&out), squeezed(&format!("{{{kept}{MEMBERS}}}")));
        for (name, value, space) in members.iter().filter(|(n, ..)| !TAKINGS.iter().any(|t| t.name == decoded(n))) {
            let member = format!("{name}{space}:{space}{value}");
            prop_assert!(out.contains(&member));
        }
    }

    #[test]
    fn accepts_what_a_parser_accepts(text in prop_oneof![json(4), "[\\[\\]{}:,\"a1\\\\ .eE+-]{0,24}", "\\{[\\[\\]{}:,\"a1\\\\ ]{0,24}\\}"]) {
        let wrapped = format!("{{\"a\":{text}}}");
        let ours = edit(wrapped.as_bytes());
        let theirs = serde_json::from_str::<std::collections::BTreeMap<String, Box<RawValue>>>(&wrapped);
        match (ours, theirs) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(Error { fault: Fault::DuplicateName, .. }), Ok(_)) => {}
            // serde_json decodes the member names, and refuses lone surrogates there.
            (Ok(_), Err(error)) => prop_assert!(wrapped.contains("\\ud800"), "{error}: {wrapped}"),
            (Err(error), Ok(_)) => prop_assert!(false, "{error}: {wrapped}"),
        }
    }
}
