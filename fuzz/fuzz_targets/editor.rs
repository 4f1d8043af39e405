//! The streaming editor: in one piece and in pieces, against serde_json and against plain work on the members.

#![no_main]

mod cuts;
#[path = "../../tests/edits/mod.rs"]
mod edits;
mod members;

use bedrock_messages::json::{Coding, Drops, Edited, Editor, Error, Fault, Paths, Taken, Taking};
use cuts::Cuts;
use libfuzzer_sys::fuzz_target;
use members::Members;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::rc::Rc;

const TAKINGS: &[Taking] = &[
    Taking { name: "model", most: 64 },
    Taking { name: "stream", most: 5 },
    Taking { name: "anthropic_version", most: 0 },
    Taking { name: "anthropic_beta", most: 256 },
];
const MEMBERS: &str = r#""anthropic_version":"bedrock-2023-05-31""#;

/// What became of a text.
struct Outcome {
    text: Vec<u8>,
    taken: Vec<Option<Taken>>,
}

fn edit<'a>(text: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Outcome, Error> {
    let paths = Rc::new(Paths::new(TAKINGS, Vec::new()));
    let mut editor = Editor::new(&paths, &Drops::default(), Some(Coding::Plain));
    for piece in pieces {
        editor.feed(piece)?;
    }
    let taken = (0..TAKINGS.len()).map(|index| editor.taken(index).cloned()).collect();
    let Edited { edits, length, sha256 } = editor.finish(MEMBERS)?;
    let text = edits::apply(text, &edits);
    assert_eq!(length, text.len() as u64);
    assert_eq!(sha256, Some(Sha256::digest(&text).into()));
    Ok(Outcome { text, taken })
}

/// Limits that a parser does not have.
fn is_limit(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::TooDeep | Fault::DuplicateName | Fault::LongName(_) | Fault::TooManyMembers(_) | Fault::LongValue(_)
    )
}

fn check(text: &[u8], outcome: &Outcome) {
    // A lone surrogate in a member's name is no `String`.
    let Ok(Members(before)) = serde_json::from_slice(text) else { return };
    let Members(after) = serde_json::from_slice(&outcome.text).expect("the new text is JSON");
    let place = |name: &str| TAKINGS.iter().position(|taking| taking.name == name);
    let (taken, kept): (Vec<_>, Vec<_>) = before.into_iter().partition(|(name, _)| place(name).is_some());

    let mut expected = kept;
    expected.push(("anthropic_version".to_owned(), r#""bedrock-2023-05-31""#));
    assert_eq!(after, expected);

    for (index, (taking, found)) in TAKINGS.iter().zip(&outcome.taken).enumerate() {
        let value = taken.iter().find(|(name, _)| place(name) == Some(index)).map(|(_, value)| value.as_bytes());
        assert_eq!(found.is_some(), value.is_some());
        let (Some(found), Some(value)) = (found, value) else { continue };
        assert!(text[found.at as usize..].starts_with(value));
        assert_eq!(found.value, if taking.most == 0 { b"" } else { value });
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::read(input) else { return };
    let text = cuts.text;
    let whole = edit(text, [text]);
    let pieces = edit(text, cuts.pieces(text));
    // serde_json does not look for UTF-8 in what it ignores.
    let parsed = std::str::from_utf8(text).ok().and_then(|text| serde_json::from_str::<IgnoredAny>(text).ok());
    let is_object = parsed.is_some() && text.trim_ascii_start().starts_with(b"{");
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(is_object, "accepted, and no JSON object");
            assert_eq!(whole.text, pieces.text);
            assert_eq!(whole.taken, pieces.taken);
            check(text, &whole);
        }
        (Err(whole), Err(pieces)) => {
            assert!(!is_object || is_limit(whole.fault), "refused, and a JSON object: {whole}");
            // What is too long is refused as soon as it is known, maybe before another fault in it.
            let long = |error: Error| matches!(error.fault, Fault::LongName(_) | Fault::LongValue(_));
            assert!(whole == pieces || long(pieces), "{whole}; {pieces}");
        }
        (whole, pieces) => panic!("{:?}; {:?}", whole.err(), pieces.err()),
    }
});
