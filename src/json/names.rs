//! The names of the top-level members that were read so far: each may stand only once.

use super::scanner::Fault;
use serde::de::{Deserializer, Visitor};
use std::{borrow::Cow, fmt};

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
    struct Bytes;
    impl<'de> Visitor<'de> for Bytes {
        type Value = Cow<'de, [u8]>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(name))
        }

        fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
            Ok(Cow::Owned(name.to_vec()))
        }
    }

    let plain = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', plain).is_none() {
        return Cow::Borrowed(plain);
    }
    // The scanner has validated it; should the two ever disagree, the raw spelling is a name that no rule knows.
    serde_json::Deserializer::from_slice(raw).deserialize_bytes(Bytes).unwrap_or(Cow::Borrowed(plain))
}
