//! The rules for what Bedrock does not take, all of them at once: in one piece and in pieces, and once more over the
//! result, in which they must find nothing to take out.

#![no_main]

mod cuts;
#[path = "../../tests/edits/mod.rs"]
mod edits;

use bedrock_messages::bedrock::fields::{FieldRules, Treatment};
use bedrock_messages::config::Fields;
use bedrock_messages::json::{Coding, Drops, Editor, Error, Found};
use cuts::Cuts;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

struct Outcome {
    text: Vec<u8>,
    found: Vec<Found>,
}

fn edit<'a>(
    rules: &FieldRules,
    drops: &Drops,
    text: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Outcome, Error> {
    let mut editor = Editor::new(rules.paths(), drops, Some(Coding::Plain));
    for piece in pieces {
        editor.feed(piece)?;
    }
    let found = editor.found().to_vec();
    let edited = editor.finish("")?;
    let text = edits::apply(text, &edited.edits);
    assert_eq!(edited.length, text.len() as u64);
    assert_eq!(edited.sha256, Some(Sha256::digest(&text).into()));
    Ok(Outcome { text, found })
}

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::read(input) else { return };
    let text = cuts.text;
    let rules = FieldRules::new(&Fields::default());
    let betas = [
        "context-management-2025-06-27",
        "compact-2026-01-12",
        "tool-search-tool-2025-10-19",
        "tool-examples-2025-10-29",
        "effort-2025-11-24",
        "dangerous-tool-use-2026-09-03",
    ]
    .map(str::to_owned);
    let drops = rules.drops(&Treatment { betas_dropped: &betas, newer: false, counting_on_mantle: true });
    let whole = edit(&rules, &drops, text, [text]);
    let pieces = edit(&rules, &drops, text, cuts.pieces(text));
    let (Ok(whole), Ok(pieces)) = (&whole, &pieces) else {
        assert_eq!(whole.is_err(), pieces.is_err());
        return;
    };
    assert_eq!((&whole.text, &whole.found), (&pieces.text, &pieces.found));
    serde_json::from_slice::<IgnoredAny>(&whole.text).expect("the new text is JSON");
    let again = edit(&rules, &drops, &whole.text, [whole.text.as_slice()]).expect("the new text is edited too");
    assert_eq!(again.text, whole.text);
    assert!(again.found.iter().all(|found| !drops[found.rule]), "{:?}", again.found);
});
