//! The editor's rules below the top level, against plain work on a tree.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;

use bedrock_messages::json::{Coding, Drops, Editor, Found, Paths, Rule, Taking, When};
use edits::apply;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};
use std::rc::Rc;

const TAKINGS: &[Taking] = &[Taking { name: "model", most: 64 }];

const RULES: &[(&str, When)] = &[
    ("tier", When::Present),
    ("list[].tier", When::Present),
    ("list[].list[].tier", When::Present),
    ("meta.id", When::Value(|value| value == br#""bad""#)),
    ("meta.edits[].type", When::OfElement(|value| value == br#""bad""#)),
    ("meta.edits[].id", When::Value(|value| value.is_empty())),
    ("list[].meta.id", When::Present),
];

fn paths() -> Rc<Paths> {
    let rules = RULES.iter().map(|(path, when)| Rule { path: (*path).to_owned(), when: *when }).collect();
    Rc::new(Paths::new(TAKINGS, rules))
}

struct Outcome {
    text: String,
    found: Vec<Found>,
}

/// The text in these pieces; its length and digest are checked.
fn edit<'a>(text: &str, pieces: impl IntoIterator<Item = &'a [u8]>, drops: &Drops, members: &str) -> Outcome {
    let mut editor = Editor::new(&paths(), drops, Some(Coding::Plain));
    for piece in pieces {
        editor.feed(piece).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    let found = editor.found().to_vec();
    let edited = editor.finish(members).unwrap();
    let out = apply(text.as_bytes(), &edited.edits);
    assert_eq!(edited.length, out.len() as u64, "{text}");
    assert_eq!(edited.sha256, Some(Sha256::digest(&out).into()), "{text}");
    Outcome { text: String::from_utf8(out).unwrap(), found }
}

fn all() -> Drops {
    vec![true; RULES.len()].into()
}

#[test]
fn members_go_with_one_comma() {
    for (text, expected) in [
        (r#"{"list":[{"tier":1}]}"#, "{}"),
        (r#"{"list":[{"tier":1,"a":2}]}"#, r#"{"list":[{"a":2}]}"#),
        (r#"{"list":[{"a":2,"tier":1}]}"#, r#"{"list":[{"a":2}]}"#),
        (r#"{"list":[{"a":2,"tier":1,"b":3}]}"#, r#"{"list":[{"a":2,"b":3}]}"#),
        (r#"{"list":[{"tier":1,"tier":2,"b":3}]}"#, r#"{"list":[{"b":3}]}"#),
        (r#"{"list":[{"a":1,"tier":1,"tier":2}]}"#, r#"{"list":[{"a":1}]}"#),
        (r#"{"list":[{"tier":1},{"a":1},{"tier":2}]}"#, r#"{"list":[{"a":1}]}"#),
        (r#"{"list":[{"list":[{"tier":{"tier":[1,{}]}}]}],"b":1}"#, r#"{"b":1}"#),
        (r#"{"list":[],"b":[{}]}"#, r#"{"list":[],"b":[{}]}"#),
        (r#"{"list":[{}]}"#, r#"{"list":[{}]}"#),
        (r#"{"list":{"tier":1},"meta":[{"id":"bad"}]}"#, r#"{"list":{"tier":1},"meta":[{"id":"bad"}]}"#),
        (r#"{"list":["tier",{"tier":1}]}"#, r#"{"list":["tier"]}"#),
        (r#"{"list":[{"tier":1},"tier"]}"#, r#"{"list":["tier"]}"#),
        (r#"{"list":[{"x":{"tier":1}}]}"#, r#"{"list":[{"x":{"tier":1}}]}"#),
        (r#"{"list":[{"t\u0069er":1,"x":1}]}"#, r#"{"list":[{"x":1}]}"#),
        (r#"{"meta":{"id":"bad"},"a":1}"#, r#"{"a":1}"#),
        (r#"{"meta":{"id":"good"},"a":1}"#, r#"{"meta":{"id":"good"},"a":1}"#),
        (r#"{"meta":{"id":"bad","x":1},"a":1}"#, r#"{"meta":{"x":1},"a":1}"#),
        (r#"{"meta":{"edits":[{"type":"bad","keep":1}]}}"#, "{}"),
        (r#"{"meta":{"edits":[{"keep":1,"type":"bad"},{"type":"x"}]}}"#, r#"{"meta":{"edits":[{"type":"x"}]}}"#),
        (r#"{"meta":{"edits":[{"type":"x"},{"keep":1,"type":"bad"}]}}"#, r#"{"meta":{"edits":[{"type":"x"}]}}"#),
        (
            r#"{"a":1,"meta":{"edits":[{"keep":[{"type":"bad"}]}]}}"#,
            r#"{"a":1,"meta":{"edits":[{"keep":[{"type":"bad"}]}]}}"#,
        ),
        (r#"{"model":"m","tier":1}"#, "{}"),
        (r#"{"model":"m","tier":1,"a":1}"#, r#"{"a":1}"#),
        (r#"{"a":1,"tier":1,"model":"m"}"#, r#"{"a":1}"#),
    ] {
        let whole = edit(text, [text.as_bytes()], &all(), "");
        assert_eq!(whole.text, expected, "{text}");
        let bytes = edit(text, text.as_bytes().chunks(1), &all(), "");
        assert_eq!((bytes.text, bytes.found), (whole.text, whole.found), "{text}");
        let same = edit(text, [text.as_bytes()], &vec![false; RULES.len()].into(), r#""z":0"#);
        assert!(same.text.contains(r#""z":0}"#), "{}", same.text);
        serde_json::from_str::<serde_json::Value>(&same.text).unwrap();
    }
}

#[test]
fn finds_say_where_and_how_often() {
    let text = r#"{"list":[{"a":1},{"tier":1,"list":[{},{},{"tier":2}]},{"tier":3}],"meta":{"id":"bad"}}"#;
    let found = |rule, count, path: &str| Found { rule, count, path: path.to_owned() };
    let expected = [found(1, 2, "list[1].tier"), found(2, 1, "list[1].list[2].tier"), found(3, 1, "meta.id")];
    for drops in [all(), vec![false; RULES.len()].into(), Rc::default()] {
        assert_eq!(edit(text, text.as_bytes().chunks(3), &drops, "").found, expected);
    }
}

#[test]
fn long_names_and_values_inside_pass() {
    let long = "n".repeat(5000);
    let text = format!(
        r#"{{"list":[{{"{long}":"{long}","tier":"{long}"}}],"meta":{{"id":"{long}","edits":[{{"id":"{long}","x":1}}]}}}}"#
    );
    let expected = format!(r#"{{"list":[{{"{long}":"{long}"}}],"meta":{{"id":"{long}","edits":[{{"x":1}}]}}}}"#);
    for size in [1, 7, 1000, 100_000] {
        assert_eq!(edit(&text, text.as_bytes().chunks(size), &all(), "").text, expected);
    }
}

#[test]
fn the_digest_can_be_that_of_base64() {
    let text = r#"{"model":"m","a":"b"}"#;
    let coding = Coding::Base64 { before: "<", after: ">" };
    let mut editor = Editor::new(&paths(), &all(), Some(coding));
    text.as_bytes().chunks(4).for_each(|piece| editor.feed(piece).unwrap());
    let edited = editor.finish(r#""z":0"#).unwrap();
    let sent = format!("<{}>", base64_simd::STANDARD.encode_to_string(r#"{"a":"b","z":0}"#));
    assert_eq!(edited.sha256, Some(Sha256::digest(sent.as_bytes()).into()));
    assert_eq!(coding.length(edited.length), sent.len() as u64);
}

/// JSON with its members in order, doubled ones too.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn write(&self, out: &mut String, space: &mut impl FnMut() -> &'static str) {
        let list = |out: &mut String, space: &mut dyn FnMut() -> &'static str, first: &mut bool| {
            if !std::mem::replace(first, false) {
                out.push(',');
            }
            out.push_str(space());
        };
        let mut first = true;
        match self {
            Tree::Leaf(text) => out.push_str(text),
            Tree::List(items) => {
                out.push('[');
                for item in items {
                    list(out, space, &mut first);
                    item.write(out, space);
                    out.push_str(space());
                }
                out.push(']');
            }
            Tree::Object(members) => {
                out.push('{');
                for (name, value) in members {
                    list(out, space, &mut first);
                    out.push_str(&format!("\"{name}\"{}:{}", space(), space()));
                    value.write(out, space);
                    out.push_str(space());
                }
                out.push('}');
            }
        }
    }

    /// What the rules leave of what stands at a path; none if it goes.
    fn cleaned(&self, path: &str) -> Option<Tree> {
        let rules = |path: &str| -> Vec<When> {
            RULES.iter().filter(|(known, _)| *known == path).map(|(_, when)| *when).collect()
        };
        let value = |tree: &Tree| {
            let mut text = String::new();
            tree.write(&mut text, &mut || "");
            text
        };
        match self {
            Tree::Leaf(_) => Some(self.clone()),
            Tree::List(items) => {
                let kept: Vec<_> = items.iter().filter_map(|item| item.cleaned(&format!("{path}[]"))).collect();
                (items.is_empty() || !kept.is_empty()).then_some(Tree::List(kept))
            }
            Tree::Object(members) => {
                let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let goes = |name: &str, tree: &Tree| {
                    (path.is_empty() && name == "model")
                        || rules(&below(name)).into_iter().any(|when| match when {
                            When::Present => true,
                            When::Value(is) => is(value(tree).as_bytes()),
                            When::OfElement(_) => false,
                        })
                };
                let element = members.iter().any(|(name, tree)| {
                    rules(&below(name))
                        .iter()
                        .any(|when| matches!(when, When::OfElement(is) if is(value(tree).as_bytes())))
                });
                if element {
                    return None;
                }
                let kept: Vec<_> = members
                    .iter()
                    .filter(|(name, tree)| !goes(name, tree))
                    .filter_map(|(name, tree)| Some((name.clone(), tree.cleaned(&below(name))?)))
                    .collect();
                (path.is_empty() || members.is_empty() || !kept.is_empty()).then_some(Tree::Object(kept))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Tree;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("json")
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Leaf(format!("{value:?}")))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop::sample::select(vec!["1", "\"good\"", "\"bad\""]).prop_map(|text| Tree::Leaf(text.to_owned()));
    leaf.prop_recursive(6, 48, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            prop::collection::vec((name(), inner), 0..4).prop_map(Tree::Object),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["tier", "list", "meta", "edits", "id", "type", "x"]).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn leaves_what_the_rules_leave(
        members in prop::collection::btree_map(prop_oneof![name(), Just("model".to_owned())], tree(), 0..5),
        spaces in prop::collection::vec(prop::sample::select(vec!["", "", "", " ", "\n\t"]), 1..9),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let top = Tree::Object(members.into_iter().filter(|(name, value)| name != "model" || matches!(value, Tree::Leaf(_))).collect());
        let mut turn = spaces.iter().cycle();
        let mut text = String::new();
        top.write(&mut text, &mut || turn.next().copied().unwrap_or_default());
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len())).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let pieces: Vec<_> = places.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]).collect();

        let outcome = edit(&text, pieces, &all(), "");
        let whole = edit(&text, [text.as_bytes()], &all(), "");
        prop_assert_eq!(&outcome.text, &whole.text);
        prop_assert_eq!(outcome.found, whole.found);
        let left: Tree = serde_json::from_str(&outcome.text).unwrap_or_else(|error| panic!("{error}: {text} -> {}", outcome.text));
        prop_assert_eq!(Some(left), top.cleaned(""), "{} -> {}", text, outcome.text);

        let untouched = edit(&text, [text.as_bytes()], &vec![false; RULES.len()].into(), "");
        if !text.contains("model") {
            prop_assert_eq!(untouched.text, text);
        }
    }
}
