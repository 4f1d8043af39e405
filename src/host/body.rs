//! Envoy's buffer of a held request body: reading it piece by piece, and changing it in place.

use super::abi::{self, Buffer, END, Result};
use crate::json::{Coding, Edit, Encoder};

/// So much of a body is in the VM at once: linear memory never shrinks, so a body of any size must not be copied whole.
const PIECE: usize = 256 * 1024;

/// Hands the bytes from `start` to `end` of the request body to `each`, until that says stop (an `Err`). What was read in
/// one piece from the body's beginning comes back: [`edit`] need not ask for it again.
pub fn read<E>(
    start: usize,
    end: usize,
    mut each: impl FnMut(&[u8]) -> std::result::Result<(), E>,
) -> Result<std::result::Result<Option<Vec<u8>>, E>> {
    let mut at = start;
    while at < end {
        let piece = abi::buffer(Buffer::RequestBody, at, PIECE.min(end - at))?;
        if piece.is_empty() {
            break;
        }
        at += piece.len();
        if let Err(stop) = each(&piece) {
            return Ok(Err(stop));
        }
        if start == 0 && piece.len() == end {
            return Ok(Ok(Some(piece)));
        }
    }
    Ok(Ok(None))
}

/// Applies edits to the held request body of `size` bytes, and writes it as it is sent; `whole` is the body, where that is
/// at hand.
///
/// Envoy's buffer can only be cut and filled at its front, or appended to. So it is turned round once: a piece is taken
/// off the front and what is left of it put on at the back, until the whole body has passed.
pub fn edit(size: usize, mut whole: Option<Vec<u8>>, edits: &[Edit], coding: Coding) -> Result<()> {
    let mut edits = Edits { edits, at: 0 };
    let mut encoder = Some(Encoder::new(coding));
    let mut edited = Vec::new();
    let mut out = Vec::with_capacity(PIECE.min(size) + 1024);
    let mut left = size;
    while left > 0 {
        let piece = match whole.take() {
            Some(whole) => whole,
            None => abi::buffer(Buffer::RequestBody, 0, PIECE.min(left))?,
        };
        if piece.is_empty() {
            break;
        }
        left = left.saturating_sub(piece.len());
        out.clear();
        if coding == Coding::Plain {
            edits.apply(&piece, &mut out);
        } else {
            edited.clear();
            edits.apply(&piece, &mut edited);
            let mut write = |text: &[u8]| out.extend_from_slice(text);
            if let Some(encoder) = &mut encoder {
                encoder.feed(&edited, &mut write);
            }
            if left == 0
                && let Some(encoder) = encoder.take()
            {
                encoder.finish(&mut write);
            }
        }
        if piece.len() == size {
            return abi::set_buffer(Buffer::RequestBody, 0, END, &out);
        }
        abi::set_buffer(Buffer::RequestBody, 0, piece.len(), &[])?;
        abi::set_buffer(Buffer::RequestBody, END, 0, &out)?;
    }
    Ok(())
}

/// The edits that are left, and how far the body is read.
struct Edits<'a> {
    edits: &'a [Edit],
    at: u64,
}

impl Edits<'_> {
    /// Appends what becomes of the next piece.
    fn apply(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let (start, end) = (self.at, self.at + piece.len() as u64);
        let part = |from: u64, to: u64| {
            let index = |place: u64| place.min(end).saturating_sub(start) as usize;
            piece.get(index(from)..index(to)).unwrap_or_default()
        };
        let mut at = start;
        while let Some((edit, rest)) = self.edits.split_first() {
            match edit {
                Edit::Insert(place, text) if *place < end => {
                    out.extend_from_slice(part(at, *place));
                    out.extend_from_slice(text);
                    at = *place;
                }
                Edit::Drop(range) if range.start < end => {
                    out.extend_from_slice(part(at, range.start));
                    at = range.end.min(end);
                    if range.end > end {
                        break;
                    }
                }
                _ => break,
            }
            self.edits = rest;
        }
        out.extend_from_slice(part(at, end));
        self.at = end;
    }
}
