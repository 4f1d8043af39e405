//! The names of the top-level members that were read so far: each may stand only once.

use super::scanner::Fault;
use std::borrow::Cow;

/// Members a request may have at the top level.
const MOST_MEMBERS: usize = 256;

/// A set of names in one allocation; small enough that comparing beats hashing.
#[derive(Default)]
pub(super) struct Names {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    /// Whether a name was added.
    pub(super) fn contains(&self, name: &[u8]) -> bool {
        let mut start = 0;
        self.ends.iter().any(|&end| self.bytes.get(std::mem::replace(&mut start, end)..end) == Some(name))
    }

    /// Adds a name; an error when it is there already, or when there are too many.
    pub(super) fn add(&mut self, name: &[u8]) -> Result<(), Fault> {
        if self.contains(name) {
            return Err(Fault::DuplicateName);
        }
        if self.ends.len() == MOST_MEMBERS {
            return Err(Fault::TooManyMembers(MOST_MEMBERS));
        }
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
        Ok(())
    }
}

/// The name that a valid JSON string, quotes included, spells. A lone surrogate, which UTF-8 cannot spell, gives the
/// three bytes it would have, so that two spellings of it are one name too.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    let plain = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', plain).is_none() {
        return Cow::Borrowed(plain);
    }
    // The scanner has validated it; should the two ever disagree, the raw spelling is a name that no rule knows.
    unescaped(plain).map_or(Cow::Borrowed(plain), Cow::Owned)
}

fn unescaped(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    while let Some((&byte, rest)) = text.split_first() {
        text = rest;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let (&escape, rest) = text.split_first()?;
        text = rest;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => push(&mut out, code_point(&mut text)?),
            _ => out.push(escape),
        }
    }
    Some(out)
}

/// What stands behind `\u`: four digits, and those of a pair's other half.
fn code_point(text: &mut &[u8]) -> Option<u32> {
    let (high, rest) = unit(text)?;
    *text = rest;
    let low = rest.strip_prefix(b"\\u").and_then(unit);
    match (high, low) {
        (0xd800..=0xdbff, Some((low @ 0xdc00..=0xdfff, rest))) => {
            *text = rest;
            Some(0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00)))
        }
        _ => Some(high),
    }
}

fn unit(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(4)?;
    let mut unit = [0; 2];
    hex::decode_to_slice(digits, &mut unit).ok()?;
    Some((u16::from_be_bytes(unit).into(), rest))
}

/// In UTF-8, or as that would be for a surrogate.
fn push(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend([0xe0 | code >> 12, 0x80 | code >> 6 & 0x3f, 0x80 | code & 0x3f].map(|byte| byte as u8)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode;

    proptest! {
        #[test]
        fn spells_what_serde_json_reads(
            pieces in proptest::collection::vec("[a-zé👋]|\\\\[\"/\\\\bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\ud[89ab]3[dD]\\\\u[dD][c-f]4b", 0..6),
        ) {
            let raw = format!("\"{}\"", pieces.concat());
            if let Ok(text) = serde_json::from_str::<String>(&raw) {
                prop_assert_eq!(decode(raw.as_bytes()), text.as_bytes());
            }
        }
    }

    #[test]
    fn lone_surrogates_are_one_name_in_any_spelling() {
        for (raw, expected) in [
            (r#""\ud83d""#, &b"\xed\xa0\xbd"[..]),
            (r#""\uD83D""#, b"\xed\xa0\xbd"),
            (r#""\udc4b\ud83d""#, b"\xed\xb1\x8b\xed\xa0\xbd"),
            (r#""\ud83dx""#, b"\xed\xa0\xbdx"),
            (r#""\ud83d\ud83d\udc4b""#, b"\xed\xa0\xbd\xf0\x9f\x91\x8b"),
            (r#""\ud83d\n""#, b"\xed\xa0\xbd\n"),
        ] {
            assert_eq!(decode(raw.as_bytes()), expected, "{raw}");
        }
    }

    #[test]
    fn what_is_no_string_is_itself() {
        for raw in ["\"a\\\"", "\"\\u12\"", "\"\\u+123\"", "\"\\uzzzz\"", "\\", ""] {
            let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            assert_eq!(decode(raw.as_bytes()), inside.as_bytes(), "{raw}");
        }
    }
}
