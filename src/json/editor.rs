//! The streaming editor: takes members out by rules on their paths and puts text in before the closing brace, in one pass
//! over the pieces as they arrive, with the SHA-256 of the result computed on the way. What it keeps is the list of
//! edits, the values that were taken out, what the rules found, and nothing of the rest.
//!
//! What is left empty because of a rule goes too: a member whose object has lost all its members, an array's element
//! likewise. So a place stays open (`levels`) until something behind it is sure to be kept.

use super::Error;
use super::digest::{Coding, Digest};
use super::levels::Levels;
use super::names::{self, Names};
use super::output::{Edited, Output};
use super::paths::{Found, LONGEST_VALUE, Paths, When, numbered};
use super::scanner::{Event, Fault, Scanner};
use super::taken::Taken;
use super::utf8::{Invalid, Utf8};
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

/// The longest name of a top-level member, bytes as it is spelled in the text, quotes included. A longer one inside is a
/// name that no rule knows.
const LONGEST_NAME: usize = 1024;
/// White space after the object that is kept; what goes beyond is dropped.
const LONGEST_TAIL: usize = 1024;

/// Which rules drop what they find; the others only find. By the rules' numbers.
pub type Drops = Rc<[bool]>;

/// A value that is being read.
struct Reading {
    /// The taking's number; none for a value that rules want to see.
    taking: Option<usize>,
    value: Vec<u8>,
    at: u64,
    started: bool,
    too_long: bool,
}

/// See the module.
pub struct Editor {
    scanner: Scanner,
    utf8: Utf8,
    paths: Rc<Paths>,
    drops: Drops,
    output: Output,
    levels: Levels,
    names: Names,
    /// The beginning of a name that a piece ended in, opening quote first.
    half_name: Vec<u8>,
    name_at: u64,
    in_name: bool,
    /// The index in this piece where the value being read begins.
    value_start: usize,
    reading: Option<Reading>,
    /// What is read goes.
    dropping: bool,
    taken: Vec<Option<Taken>>,
    found: Vec<Found>,
    closed_at: Option<u64>,
    /// `}` and the white space behind it.
    tail: Vec<u8>,
}

impl Editor {
    /// An editor by these rules; with `digest`, the result's SHA-256 is computed as it is sent so.
    pub fn new(paths: &Rc<Paths>, drops: &Drops, digest: Option<Coding>) -> Self {
        let takings = paths.takings().len();
        Self {
            scanner: Scanner::new(),
            utf8: Utf8::default(),
            paths: paths.clone(),
            drops: drops.clone(),
            output: Output::new(Digest::new(digest), takings + 1),
            levels: Levels::new(),
            names: Names::default(),
            half_name: Vec::new(),
            name_at: 0,
            in_name: false,
            value_start: 0,
            reading: None,
            dropping: false,
            taken: vec![None; takings],
            found: Vec::new(),
            closed_at: None,
            tail: Vec::new(),
        }
    }

    /// Reads the next piece. After an error the editor is of no further use.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Error> {
        let (place, piece_to_scan) = match self.utf8.check(piece) {
            Ok(()) => return self.scan(piece),
            Err(Invalid::Before(bytes)) => (self.output.place(0).saturating_sub(bytes as u64), None),
            Err(Invalid::At(at)) => (self.output.place(at), piece.get(..=at)),
        };
        // What is wrong before the first byte that is no UTF-8, or with that byte where it stands, comes first.
        self.scan(piece_to_scan.unwrap_or_default())?;
        Err(Error { fault: Fault::InvalidUtf8, at: place })
    }

    fn scan(&mut self, piece: &[u8]) -> Result<(), Error> {
        let mut at = 0;
        self.value_start = 0;
        loop {
            let event = self.scanner.next(piece, &mut at);
            match event.map_err(|fault| Error { fault, at: self.output.place(at) })? {
                None => break,
                Some(Event::NameStart) => self.name_started(at - 1),
                Some(Event::NameEnd) => self.name_ended(piece, at)?,
                Some(Event::ValueStart) => self.value_started(piece, at - 1),
                Some(Event::ValueEnd) => self.value_ended(piece, at)?,
                Some(Event::Comma) => self.comma(at),
                Some(Event::Close) => self.closed(piece, at),
            }
        }
        self.piece_ended(piece)
    }

    /// The value taken out for the table's entry `index`, once it is complete.
    pub fn taken(&self, index: usize) -> Option<&Taken> {
        self.taken.get(index)?.as_ref()
    }

    /// What the rules found, each once.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Whether the text has a top-level member of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name.as_bytes())
    }

    /// Whether the text can end here.
    pub fn is_complete(&self) -> Result<(), Error> {
        self.scanner.finish().map_err(|fault| Error { fault, at: self.output.place(0) })
    }

    /// The text ended; `members` (none, or some as `"a":1,"b":2`) are put in behind its last member.
    pub fn finish(self, members: &str) -> Result<Edited, Error> {
        self.is_complete()?;
        let closed_at = self.closed_at.unwrap_or_default();
        let mut insertion = Vec::with_capacity(members.len() + 1);
        if !members.is_empty() && self.levels.kept() {
            insertion.push(b',');
        }
        insertion.extend_from_slice(members.as_bytes());
        Ok(self.output.finish(closed_at, insertion, &self.tail))
    }

    fn name_started(&mut self, at: usize) {
        self.name_at = self.output.place(at);
        self.in_name = true;
        self.levels.child_begins(self.name_at);
    }

    fn name_ended(&mut self, piece: &[u8], end: usize) -> Result<(), Error> {
        self.in_name = false;
        let half = std::mem::take(&mut self.half_name);
        let start = self.name_at.saturating_sub(self.output.place(0)) as usize;
        let rest = piece.get(start..end).unwrap_or_default();
        let raw = if half.is_empty() { Cow::Borrowed(rest) } else { Cow::Owned([&half, rest].concat()) };
        let name = names::decode(&raw);
        if self.levels.is_top() {
            let refused = |fault| Error { fault, at: self.name_at };
            if raw.len() > LONGEST_NAME {
                return Err(refused(Fault::LongName(LONGEST_NAME)));
            }
            self.names.add(&name).map_err(refused)?;
        }
        let node = self.levels.innermost().and_then(|level| self.paths.node(level.node));
        match node.and_then(|node| node.member(&name)) {
            Some(inside) => {
                let paths = self.paths.clone();
                self.member_begins(&paths, piece, inside, end);
            }
            None => self.keep_unread(),
        }
        Ok(())
    }

    /// A member begins that takings or rules are about, or something inside it.
    fn member_begins(&mut self, paths: &Paths, piece: &[u8], inside: usize, end: usize) {
        let Some(node) = paths.node(inside) else { return };
        if let Some(level) = self.levels.innermost_mut() {
            level.inside = inside;
        }
        let mut drops = node.taking.is_some();
        for &rule in &node.rules {
            if paths.rule(rule).is_some_and(|rule| matches!(rule.when, When::Present)) {
                drops |= self.find(paths, rule);
            }
        }
        if drops {
            self.drop_child(piece, end);
            self.dropping = true;
        }
        if node.taking.is_some() || (node.reads_value && !drops) {
            self.reading =
                Some(Reading { taking: node.taking, value: Vec::new(), at: 0, started: false, too_long: false });
        } else if drops {
            // The end of the value is all there is to know.
        } else if !node.has_inside(true) && !node.has_inside(false) {
            self.keep_unread();
        }
    }

    /// What begins stays, and nothing inside it is of interest.
    fn keep_unread(&mut self) {
        self.levels.keep_child();
        self.scanner.mute();
    }

    /// Notes what a rule found; whether that goes.
    fn find(&mut self, paths: &Paths, rule: usize) -> bool {
        match self.found.iter_mut().find(|found| found.rule == rule) {
            Some(found) => found.count = found.count.saturating_add(1),
            None => {
                let rule_path = paths.rule(rule).map(|rule| rule.path.as_str()).unwrap_or_default();
                let path = numbered(rule_path, self.levels.numbers());
                self.found.push(Found { rule, count: 1, path });
            }
        }
        self.drops.get(rule).copied().unwrap_or_default()
    }

    fn value_started(&mut self, piece: &[u8], start: usize) {
        self.value_start = start;
        let at = self.output.place(start);
        if let Some(reading) = &mut self.reading {
            (reading.at, reading.started) = (at, true);
            return;
        }
        if self.dropping {
            return;
        }
        let Some(level) = self.levels.innermost_mut() else { return };
        let mut inside = level.inside;
        if level.is_array {
            inside = self.paths.node(level.node).and_then(|node| node.elements()).unwrap_or_default();
            self.levels.child_begins(at);
        }
        let is_array = piece.get(start) == Some(&b'[');
        match self.paths.node(inside) {
            Some(node) if (is_array || piece.get(start) == Some(&b'{')) && node.has_inside(!is_array) => {
                self.scanner.watch();
                self.levels.open(inside, is_array, node.may_go_at_end);
            }
            _ => self.keep_unread(),
        }
    }

    fn value_ended(&mut self, piece: &[u8], end: usize) -> Result<(), Error> {
        self.capture(piece, self.value_start..end)?;
        if let Some(reading) = self.reading.take() {
            match reading.taking.and_then(|taking| self.taken.get_mut(taking)) {
                Some(taken) => *taken = Some(Taken { value: reading.value, at: reading.at }),
                None => self.judge(piece, &reading, end),
            }
        }
        if self.dropping {
            self.output.drop_to(end);
            self.dropping = !self.levels.kept();
        }
        Ok(())
    }

    /// A value is complete that rules wanted to see.
    fn judge(&mut self, piece: &[u8], reading: &Reading, end: usize) {
        let paths = self.paths.clone();
        let value = if reading.too_long { &[] } else { reading.value.as_slice() };
        let inside = self.levels.innermost().and_then(|level| paths.node(level.inside));
        let (mut member_goes, mut element_goes) = (false, false);
        for &rule in inside.map(|node| node.rules.as_slice()).unwrap_or_default() {
            let (is, goes) = match paths.rule(rule).map(|rule| rule.when) {
                Some(When::Value(is)) => (is, &mut member_goes),
                Some(When::OfElement(is)) => (is, &mut element_goes),
                _ => continue,
            };
            if is(value) {
                *goes |= self.find(&paths, rule);
            }
        }
        if member_goes {
            return self.drop_child(piece, end);
        }
        if let Some(level) = self.levels.innermost_mut() {
            level.goes |= element_goes;
        }
        self.levels.keep_child();
    }

    fn capture(&mut self, piece: &[u8], range: Range<usize>) -> Result<(), Error> {
        let Some(reading) = self.reading.as_mut().filter(|reading| reading.started) else { return Ok(()) };
        let text = piece.get(range).unwrap_or_default();
        let taking = reading.taking.and_then(|taking| self.paths.takings().get(taking));
        let most = taking.map_or(LONGEST_VALUE, |taking| taking.most);
        if most == 0 || reading.too_long {
            return Ok(());
        }
        if reading.value.len() + text.len() <= most {
            reading.value.extend_from_slice(text);
            return Ok(());
        }
        match taking {
            Some(taking) => Err(Error { fault: Fault::LongValue(taking.name), at: reading.at }),
            None => {
                reading.too_long = true;
                Ok(())
            }
        }
    }

    fn comma(&mut self, end: usize) {
        if std::mem::take(&mut self.dropping) {
            self.output.drop_to(end);
        }
        self.levels.comma(self.output.place(end - 1));
    }

    fn closed(&mut self, piece: &[u8], end: usize) {
        let close = end - 1;
        if std::mem::take(&mut self.dropping) {
            self.output.drop_to(close);
        }
        match self.levels.close() {
            None => {
                self.output.keep(piece, close, std::iter::empty());
                self.closed_at = Some(self.output.place(close));
            }
            Some(level) if level.is_lost() => self.drop_child(piece, end),
            Some(_) => self.levels.keep_child(),
        }
    }

    /// What is read of the innermost level goes, so far as it was read: up to `end`.
    fn drop_child(&mut self, piece: &[u8], end: usize) {
        if let Some(mark) = self.levels.lose_child() {
            self.output.drop_from(mark, piece, end, self.levels.marks());
        }
        // With nothing kept before it, the comma behind it goes too, or the white space before the closing brace.
        self.dropping = !self.levels.kept();
    }

    fn piece_ended(&mut self, piece: &[u8]) -> Result<(), Error> {
        let end = piece.len();
        if self.reading.is_some() {
            self.capture(piece, self.value_start..end)?;
        }
        if self.in_name {
            self.hold_name(piece)?;
        }
        if self.closed_at.is_some() {
            let rest = piece.get(self.output.done()..).unwrap_or_default();
            let room = LONGEST_TAIL.saturating_sub(self.tail.len()).min(rest.len());
            self.tail.extend_from_slice(rest.get(..room).unwrap_or_default());
            self.output.skip(room);
            self.output.drop_to(end);
        } else if self.dropping {
            self.output.drop_to(end);
        } else {
            self.output.keep(piece, end, self.levels.marks());
        }
        self.output.next_piece(end);
        Ok(())
    }

    /// The piece ends inside a name.
    fn hold_name(&mut self, piece: &[u8]) -> Result<(), Error> {
        let start = self.name_at.saturating_sub(self.output.place(0)) as usize;
        let rest = piece.get(start..).unwrap_or_default();
        let long = self.half_name.len() + rest.len() > LONGEST_NAME;
        if long && self.levels.is_top() {
            return Err(Error { fault: Fault::LongName(LONGEST_NAME), at: self.name_at });
        }
        // One byte too many says that it is too long.
        let room = (LONGEST_NAME + 1).saturating_sub(self.half_name.len());
        self.half_name.extend_from_slice(rest.get(..room).unwrap_or(rest));
        Ok(())
    }
}
