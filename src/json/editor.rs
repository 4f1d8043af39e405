//! The streaming editor of top-level members: takes named ones out and puts text in before the closing brace, in one
//! pass over the pieces as they arrive, with the SHA-256 of the result computed on the way. What it keeps is the list
//! of edits, the values that were taken out, and nothing of the rest.

use super::Error;
use super::names::{self, Names};
use super::scanner::{Event, Fault, Scanner};
use super::utf8::{Invalid, Utf8};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::ops::Range;

/// The longest name of a top-level member, bytes as it is spelled in the text, quotes included.
const LONGEST_NAME: usize = 1024;
/// White space after the object that is kept; what goes beyond is dropped.
const LONGEST_TAIL: usize = 1024;

/// A top-level member that is taken out.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// Its name, decoded.
    pub name: &'static str,
    /// The longest value that is taken, bytes; 0: the value is dropped, however long.
    pub most: usize,
}

/// The value of a member that was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The value's JSON text (empty when it was only dropped).
    pub value: Vec<u8>,
    /// Offset of the value's first byte.
    pub at: u64,
}

/// One change to the text, in offsets of the original. A list of them is in order and does not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// These bytes go.
    Drop(Range<u64>),
    /// This text comes in before the byte at the offset.
    Insert(u64, Vec<u8>),
}

/// The result: how to make the new text from the old one, and what it is.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The changes.
    pub edits: Vec<Edit>,
    /// Length of the new text, bytes.
    pub length: u64,
    /// SHA-256 of the new text, when it was asked for.
    pub sha256: Option<[u8; 32]>,
}

enum Member {
    /// It stays as it is.
    Kept,
    /// It goes; its place in the table.
    Taken(usize),
}

/// See the module.
pub struct Editor {
    scanner: Scanner,
    utf8: Utf8,
    takings: &'static [Taking],
    taken: Vec<Option<Taken>>,
    /// Bytes of the pieces before this one.
    read: u64,
    hasher: Option<Sha256>,
    names: Names,
    /// The beginning of a name that a piece ended in, opening quote first.
    half_name: Vec<u8>,
    in_name: bool,
    member: Member,
    /// The member's value is being read (and not the text around it).
    in_value: bool,
    /// Where the text being dropped begins.
    dropping: Option<u64>,
    edits: Vec<Edit>,
    /// Bytes dropped so far.
    dropped: u64,
    closed_at: Option<u64>,
    /// `}` and the white space behind it.
    tail: Vec<u8>,
}

impl Editor {
    /// An editor that takes `takings` out and, with `hash`, computes the digest.
    pub fn new(takings: &'static [Taking], hash: bool) -> Self {
        Self {
            scanner: Scanner::new(),
            utf8: Utf8::default(),
            takings,
            taken: takings.iter().map(|_| None).collect(),
            read: 0,
            hasher: hash.then(Sha256::new),
            names: Names::default(),
            half_name: Vec::new(),
            in_name: false,
            member: Member::Kept,
            in_value: false,
            dropping: None,
            edits: Vec::with_capacity(takings.len() + 1),
            dropped: 0,
            closed_at: None,
            tail: Vec::new(),
        }
    }

    /// Reads the next piece. After an error the editor is of no further use.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Error> {
        let (place, piece_to_scan) = match self.utf8.check(piece) {
            Ok(()) => return self.scan(piece),
            Err(Invalid::Before(bytes)) => (self.read.saturating_sub(bytes as u64), None),
            Err(Invalid::At(at)) => (self.place(at), piece.get(..=at)),
        };
        // What is wrong before the first byte that is no UTF-8, or with that byte where it stands, comes first.
        self.scan(piece_to_scan.unwrap_or_default())?;
        Err(Error { fault: Fault::InvalidUtf8, at: place })
    }

    fn scan(&mut self, piece: &[u8]) -> Result<(), Error> {
        let mut at = 0;
        // Bytes of this piece before `pending` are hashed, or dropped.
        let mut pending = 0;
        let mut value_start = 0;
        loop {
            let event = self.scanner.next(piece, &mut at).map_err(|fault| self.error(fault, at))?;
            match event {
                None => break,
                Some(Event::NameStart) => {
                    self.hash(piece, pending..at - 1);
                    pending = at - 1;
                    self.in_name = true;
                }
                Some(Event::NameEnd) => {
                    self.in_name = false;
                    self.name_ended(piece, &mut pending, at)?;
                }
                Some(Event::ValueStart) => {
                    value_start = at - 1;
                    self.in_value = true;
                    self.value_started(value_start);
                }
                Some(Event::ValueEnd) => {
                    self.in_value = false;
                    self.capture(piece, value_start..at)?;
                }
                Some(Event::Comma) => {
                    if let Some(start) = self.dropping.take() {
                        self.drop_range(start..self.place(at));
                        pending = at;
                    }
                }
                Some(Event::Close) => {
                    let close = at - 1;
                    if let Some(start) = self.dropping.take() {
                        // The white space before the brace goes too: it belonged to the member.
                        self.drop_range(start..self.place(close));
                    } else {
                        self.hash(piece, pending..close);
                    }
                    pending = close;
                    self.closed_at = Some(self.place(close));
                }
            }
        }
        self.piece_ended(piece, pending, value_start)
    }

    /// The value taken out for the table's entry `index`, once it is complete.
    pub fn taken(&self, index: usize) -> Option<&Taken> {
        let still_read = self.in_value && matches!(self.member, Member::Taken(now) if now == index);
        self.taken.get(index).and_then(Option::as_ref).filter(|_| !still_read)
    }

    /// The text ended; `members` (one or more, as `"a":1,"b":2`) are put in behind its last member.
    pub fn finish(mut self, members: &str) -> Result<Edited, Error> {
        self.scanner.finish().map_err(|fault| self.error(fault, 0))?;
        let closed_at = self.closed_at.unwrap_or(self.read);
        let mut insertion = Vec::with_capacity(members.len() + 1);
        // A member that was taken out took the comma behind it along, and left the one before it.
        if matches!(self.member, Member::Kept) && self.names.any() {
            insertion.push(b',');
        }
        insertion.extend_from_slice(members.as_bytes());
        let length = self.read - self.dropped + insertion.len() as u64;
        let sha256 = self.hasher.take().map(|mut hasher| {
            hasher.update(&insertion);
            hasher.update(&self.tail);
            hasher.finalize().into()
        });
        // The insertion stands before the brace; only the end of a long tail can be dropped behind it.
        let behind = self.edits.iter().take_while(|edit| edit.start() < closed_at).count();
        self.edits.insert(behind, Edit::Insert(closed_at, insertion));
        Ok(Edited { edits: self.edits, length, sha256 })
    }

    fn name_ended(&mut self, piece: &[u8], pending: &mut usize, end: usize) -> Result<(), Error> {
        let rest = piece.get(*pending..end).unwrap_or_default();
        let mut half = std::mem::take(&mut self.half_name);
        let raw = if half.is_empty() {
            Cow::Borrowed(rest)
        } else {
            half.extend_from_slice(rest);
            Cow::Owned(half)
        };
        let start = self.place(end) - raw.len() as u64;
        let refused = |fault| Error { fault, at: start };
        if raw.len() > LONGEST_NAME {
            return Err(refused(Fault::LongName(LONGEST_NAME)));
        }
        let name = names::decode(&raw);
        self.names.add(&name).map_err(refused)?;
        match self.takings.iter().position(|taking| taking.name.as_bytes() == &*name) {
            Some(index) => {
                self.member = Member::Taken(index);
                self.dropping = Some(start);
            }
            None => {
                self.member = Member::Kept;
                if let (Cow::Owned(raw), Some(hasher)) = (&raw, &mut self.hasher) {
                    hasher.update(raw);
                    *pending = end;
                }
            }
        }
        Ok(())
    }

    fn value_started(&mut self, start: usize) {
        let at = self.place(start);
        if let Member::Taken(index) = self.member
            && let Some(taken) = self.taken.get_mut(index)
        {
            *taken = Some(Taken { value: Vec::new(), at });
        }
    }

    fn capture(&mut self, piece: &[u8], range: Range<usize>) -> Result<(), Error> {
        let Member::Taken(index) = self.member else { return Ok(()) };
        let (Some(taking), Some(Some(taken))) = (self.takings.get(index), self.taken.get_mut(index)) else {
            return Ok(());
        };
        let text = piece.get(range).unwrap_or_default();
        if taking.most == 0 {
            return Ok(());
        }
        if taken.value.len() + text.len() > taking.most {
            return Err(Error { fault: Fault::LongValue(taking.name), at: taken.at });
        }
        taken.value.extend_from_slice(text);
        Ok(())
    }

    fn piece_ended(&mut self, piece: &[u8], pending: usize, value_start: usize) -> Result<(), Error> {
        let rest = piece.get(pending..).unwrap_or_default();
        if self.in_value {
            self.capture(piece, value_start..piece.len())?;
        }
        if self.closed_at.is_some() {
            let room = LONGEST_TAIL.saturating_sub(self.tail.len()).min(rest.len());
            self.tail.extend_from_slice(rest.get(..room).unwrap_or_default());
            if room < rest.len() {
                self.drop_range(self.place(pending + room)..self.place(piece.len()));
            }
        } else if self.in_name {
            if self.half_name.len() + rest.len() > LONGEST_NAME {
                let at = self.place(pending) - self.half_name.len() as u64;
                return Err(Error { fault: Fault::LongName(LONGEST_NAME), at });
            }
            self.half_name.extend_from_slice(rest);
        } else if self.dropping.is_none() {
            self.hash(piece, pending..piece.len());
        }
        self.read += piece.len() as u64;
        Ok(())
    }

    fn hash(&mut self, piece: &[u8], range: Range<usize>) {
        if let Some(hasher) = &mut self.hasher
            && let Some(kept) = piece.get(range)
        {
            hasher.update(kept);
        }
    }

    fn drop_range(&mut self, range: Range<u64>) {
        self.dropped += range.end - range.start;
        match self.edits.last_mut() {
            Some(Edit::Drop(last)) if last.end == range.start => last.end = range.end,
            _ => self.edits.push(Edit::Drop(range)),
        }
    }

    /// The offset in the whole text of an index into this piece.
    fn place(&self, at: usize) -> u64 {
        self.read + at as u64
    }

    fn error(&self, fault: Fault, at: usize) -> Error {
        Error { fault, at: self.place(at) }
    }
}

impl Edit {
    fn start(&self) -> u64 {
        match self {
            Edit::Drop(range) => range.start,
            Edit::Insert(at, _) => *at,
        }
    }
}
