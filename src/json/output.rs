//! What becomes of a text: the list of edits and the digest of the result, both made while the text is read, and both
//! taken back to an earlier place when something turns out to go after more of it was read.

use super::digest::Digest;
use std::ops::Range;

/// One change to the text, in offsets of the original. A list of them is in order and does not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// These bytes go.
    Drop(Range<u64>),
    /// This text comes in before the byte at the offset.
    Insert(u64, Vec<u8>),
}

/// A place that may yet turn out to be the beginning of what goes.
#[derive(Debug)]
pub(super) struct Mark {
    /// Offset in the whole text.
    pub(super) at: u64,
    /// The digest of what stands before it, once more than that was digested.
    before: Option<Box<Digest>>,
}

impl Mark {
    pub(super) fn new(at: u64) -> Self {
        Self { at, before: None }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Output {
    /// Bytes of the pieces before this one.
    read: u64,
    /// Bytes of this piece that are digested, or dropped.
    done: usize,
    edits: Vec<Edit>,
    /// Bytes dropped so far.
    dropped: u64,
    digest: Digest,
}

impl Output {
    pub(super) fn new(digest: Digest, edits: usize) -> Self {
        Self { read: 0, done: 0, edits: Vec::with_capacity(edits), dropped: 0, digest }
    }

    /// The offset in the whole text of an index into this piece.
    pub(super) fn place(&self, at: usize) -> u64 {
        self.read + at as u64
    }

    /// The index into this piece of an offset; 0 for one before it.
    fn index(&self, place: u64) -> usize {
        place.saturating_sub(self.read) as usize
    }

    /// Bytes of this piece that are digested, or dropped.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Digests the piece up to `to`; `marks`, in order, are the places that it may be taken back to.
    pub(super) fn keep<'a>(&mut self, piece: &[u8], to: usize, marks: impl Iterator<Item = &'a mut Mark>) {
        if self.digest.is_wanted() {
            for mark in marks.filter(|mark| mark.before.is_none()) {
                let at = self.index(mark.at);
                if at >= to {
                    break;
                }
                self.digest_to(piece, at);
                mark.before = Some(Box::new(self.digest.clone()));
            }
        }
        self.digest_to(piece, to);
    }

    fn digest_to(&mut self, piece: &[u8], to: usize) {
        if let Some(kept) = piece.get(self.done..to) {
            self.digest.update(kept);
            self.done = to;
        }
    }

    /// Drops what of the piece is not done, up to `to`.
    pub(super) fn drop_to(&mut self, to: usize) {
        self.drop_range(self.place(self.done)..self.place(to));
        self.done = to;
    }

    /// Leaves so many bytes of the piece undigested: they are the tail that [`Output::finish`] gets.
    pub(super) fn skip(&mut self, length: usize) {
        self.done += length;
    }

    /// Drops everything from a mark to the index `to`; `outer` are the marks before it.
    pub(super) fn drop_from<'a>(
        &mut self,
        mark: Mark,
        piece: &[u8],
        to: usize,
        outer: impl Iterator<Item = &'a mut Mark>,
    ) {
        match mark.before {
            Some(before) => self.digest = *before,
            None => self.keep(piece, self.index(mark.at), outer),
        }
        while let Some(Edit::Drop(last)) = self.edits.last()
            && last.start >= mark.at
        {
            self.dropped -= last.end - last.start;
            self.edits.pop();
        }
        self.drop_range(mark.at..self.place(to));
        self.done = to;
    }

    fn drop_range(&mut self, range: Range<u64>) {
        match self.edits.last_mut() {
            _ if range.is_empty() => {}
            // What is dropped whole may begin inside what was dropped of it.
            Some(Edit::Drop(last)) if last.end >= range.start => {
                self.dropped += range.end.saturating_sub(last.end);
                last.end = last.end.max(range.end);
            }
            _ => {
                self.dropped += range.end - range.start;
                self.edits.push(Edit::Drop(range));
            }
        }
    }

    /// The piece is read; it must be done.
    pub(super) fn next_piece(&mut self, length: usize) {
        self.read += length as u64;
        self.done = 0;
    }

    /// The text ended; `insertion` comes in at `at`, before `tail`, the undigested end of the text.
    pub(super) fn finish(mut self, at: u64, insertion: Vec<u8>, tail: &[u8]) -> Edited {
        let length = self.read - self.dropped + insertion.len() as u64;
        self.digest.update(&insertion);
        self.digest.update(tail);
        if !insertion.is_empty() {
            // Only the end of a long tail can be dropped behind it.
            let before = self.edits.iter().take_while(|edit| edit.start() < at).count();
            self.edits.insert(before, Edit::Insert(at, insertion));
        }
        Edited { edits: self.edits, length, sha256: self.digest.finish() }
    }
}

/// The result: how to make the new text from the old one, and what it is.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The changes.
    pub edits: Vec<Edit>,
    /// Length of the new text, bytes.
    pub length: u64,
    /// SHA-256 of the new text, or of what it is sent as, when it was asked for.
    pub sha256: Option<[u8; 32]>,
}

impl Edit {
    fn start(&self) -> u64 {
        match self {
            Edit::Drop(range) => range.start,
            Edit::Insert(at, _) => *at,
        }
    }
}
