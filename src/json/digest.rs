//! The SHA-256 of a text that comes in pieces, as it is or as it stands in another text, in base64.

use base64_simd::STANDARD;
use sha2::{Digest as _, Sha256};

/// How a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// In base64, between these.
    Base64 {
        /// What stands before it.
        before: &'static str,
        /// What stands behind it.
        after: &'static str,
    },
}

impl Coding {
    /// Length of what is sent for a text of this length, bytes.
    pub fn length(self, text: u64) -> u64 {
        match self {
            Coding::Plain => text,
            Coding::Base64 { before, after } => text.div_ceil(3) * 4 + (before.len() + after.len()) as u64,
        }
    }
}

/// Writes a text that comes in pieces as it is sent.
#[derive(Clone, Debug)]
pub struct Encoder {
    coding: Coding,
    /// Bytes that make no whole group of base64 yet.
    rest: [u8; 3],
    held: usize,
    begun: bool,
}

/// So much text is encoded at once; a multiple of three.
const BLOCK: usize = 3 * 1024;

impl Encoder {
    /// For a text that is sent so.
    pub fn new(coding: Coding) -> Self {
        Self { coding, rest: [0; 3], held: 0, begun: false }
    }

    /// The next piece; what can be written of it is handed to `write`.
    pub fn feed(&mut self, mut piece: &[u8], write: &mut impl FnMut(&[u8])) {
        let Coding::Base64 { before, .. } = self.coding else { return write(piece) };
        if !std::mem::replace(&mut self.begun, true) {
            write(before.as_bytes());
        }
        while self.held > 0
            && let Some((&byte, behind)) = piece.split_first()
        {
            piece = behind;
            self.hold(byte);
            if self.held == self.rest.len() {
                encode(&self.rest, write);
                self.held = 0;
            }
        }
        let whole = piece.len() - piece.len() % 3;
        let (whole, behind) = piece.split_at_checked(whole).unwrap_or((piece, &[]));
        whole.chunks(BLOCK).for_each(|block| encode(block, write));
        behind.iter().for_each(|&byte| self.hold(byte));
    }

    /// The text ended.
    pub fn finish(mut self, write: &mut impl FnMut(&[u8])) {
        self.feed(&[], write);
        if let Coding::Base64 { after, .. } = self.coding {
            encode(self.rest.get(..self.held).unwrap_or_default(), write);
            write(after.as_bytes());
        }
    }

    fn hold(&mut self, byte: u8) {
        if let Some(place) = self.rest.get_mut(self.held) {
            *place = byte;
            self.held += 1;
        }
    }
}

fn encode(bytes: &[u8], write: &mut impl FnMut(&[u8])) {
    let mut out = [0; BLOCK / 3 * 4];
    write(STANDARD.encode(bytes, base64_simd::Out::from_slice(&mut out)));
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Digest(Option<(Encoder, Sha256)>);

impl Digest {
    /// Of the text as it is sent; none, if it is not wanted.
    pub(super) fn new(coding: Option<Coding>) -> Self {
        Self(coding.map(|coding| (Encoder::new(coding), Sha256::new())))
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        if let Some((encoder, sha)) = &mut self.0 {
            encoder.feed(piece, &mut |bytes| sha.update(bytes));
        }
    }

    pub(super) fn finish(self) -> Option<[u8; 32]> {
        let (encoder, mut sha) = self.0?;
        encoder.finish(&mut |bytes| sha.update(bytes));
        Some(sha.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WRAPPED: Coding = Coding::Base64 { before: "{\"a\":\"", after: "\"}" };

    proptest! {
        #[test]
        fn any_pieces_give_the_same(text in prop::collection::vec(any::<u8>(), 0..9000), size in 1..4000usize) {
            let mut encoder = Encoder::new(WRAPPED);
            let mut out = Vec::new();
            text.chunks(size).for_each(|piece| encoder.feed(piece, &mut |bytes| out.extend_from_slice(bytes)));
            encoder.finish(&mut |bytes| out.extend_from_slice(bytes));
            prop_assert_eq!(out.len() as u64, WRAPPED.length(text.len() as u64));
            prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{{\"a\":\"{}\"}}", STANDARD.encode_to_string(&text)));
        }
    }
}
