//! A validating JSON scanner (RFC 8259) that takes its text in pieces and says where the members of the top-level
//! object begin and end. It keeps one bit a level of nesting and nothing of the text.

use std::fmt;

/// Levels of nesting that are taken; one more is refused.
pub const MAX_DEPTH: usize = 1024;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another byte stands where the named thing was expected.
    Expected(&'static str),
    /// The text is no object.
    NotAnObject,
    /// A byte below 0x20 inside a string.
    ControlCharacter,
    /// `\` and something that is no escape.
    InvalidEscape,
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// Something other than white space after the object.
    TrailingBytes,
    /// The text ended inside the object, or was empty.
    Truncated,
    /// A top-level member's name stands twice.
    DuplicateName,
    /// A top-level member's name is longer than the named number of bytes.
    LongName(usize),
    /// More top-level members than the named number.
    TooManyMembers(usize),
    /// The value of the named member is longer than it can be.
    LongValue(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Expected(what) => write!(f, "not valid JSON: expected {what}"),
            Fault::NotAnObject => f.write_str("not a JSON object"),
            Fault::ControlCharacter => f.write_str("not valid JSON: unescaped control character in a string"),
            Fault::InvalidEscape => f.write_str("not valid JSON: invalid escape in a string"),
            Fault::InvalidUtf8 => f.write_str("not valid JSON: a string is not UTF-8"),
            Fault::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Fault::TrailingBytes => f.write_str("not valid JSON: something follows the object"),
            Fault::Truncated => f.write_str("not valid JSON: the text ends too early"),
            Fault::DuplicateName => f.write_str("a top-level member stands twice"),
            Fault::LongName(most) => write!(f, "a top-level member's name is longer than {most} bytes"),
            Fault::TooManyMembers(most) => write!(f, "more than {most} top-level members"),
            Fault::LongValue(name) => write!(f, "{name}: the value is too long"),
        }
    }
}

/// What was just read of the top-level object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The opening quote of a member's name.
    NameStart,
    /// The closing quote of a member's name.
    NameEnd,
    /// The first byte of a member's value.
    ValueStart,
    /// The last byte of a member's value.
    ValueEnd,
    /// The comma behind a member.
    Comma,
    /// The object's closing brace.
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Value,
    ValueOrEnd,
    NameOrEnd,
    Name,
    Colon,
    AfterValue,
    Text,
    Escape,
    Hex(u8),
    /// Continuation bytes that are left, and the range of the next one.
    Utf8(u8, u8, u8),
    /// Where in [`LITERALS`] the rest of the literal stands.
    Literal(u8),
    Number(Number),
    Done,
}

/// What follows the first letter of `true`, `false` and `null`.
const LITERALS: &[u8] = b"rue.alse.ull.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// The state between two pieces.
pub(super) struct Scanner {
    state: State,
    /// The string being read is a member's name.
    in_name: bool,
    depth: usize,
    /// One bit a level: set in an object.
    objects: [u64; MAX_DEPTH / 64],
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { state: State::Start, in_name: false, depth: 0, objects: [0; MAX_DEPTH / 64] }
    }

    /// Reads on in `piece` from `*at`, to the next event or to the end of the piece (`None`). `*at` is then the place
    /// behind the event, or that of the byte that was wrong.
    pub(super) fn next(&mut self, piece: &[u8], at: &mut usize) -> Result<Option<Event>, Fault> {
        let mut state = self.state;
        let mut i = *at;
        let outcome = self.run(piece, &mut i, &mut state);
        self.state = state;
        *at = i;
        outcome
    }

    /// The text ended.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        if self.state == State::Done { Ok(()) } else { Err(Fault::Truncated) }
    }

    #[inline(always)]
    fn run(&mut self, piece: &[u8], i: &mut usize, state: &mut State) -> Result<Option<Event>, Fault> {
        while let Some(&byte) = piece.get(*i) {
            match *state {
                State::Text => {
                    *i += plain_run(piece.get(*i..).unwrap_or_default());
                    let Some(&byte) = piece.get(*i) else { break };
                    match byte {
                        b'"' => {
                            *i += 1;
                            if self.in_name {
                                self.in_name = false;
                                *state = State::Colon;
                                if self.depth == 1 {
                                    return Ok(Some(Event::NameEnd));
                                }
                                // What usually follows is read at once.
                                if piece.get(*i) == Some(&b':') {
                                    *i += 1;
                                    *state = State::Value;
                                }
                            } else if self.value_ended(state) {
                                return Ok(Some(Event::ValueEnd));
                            } else if piece.get(*i) == Some(&b',') {
                                *i += 1;
                                *state = if self.in_object() { State::Name } else { State::Value };
                            }
                        }
                        b'\\' => {
                            *i += 1;
                            *state = State::Escape;
                        }
                        0x80.. => multibyte(piece.get(*i..).unwrap_or_default(), i, state)?,
                        _ => return Err(Fault::ControlCharacter),
                    }
                }
                State::Escape => {
                    *state = match byte {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::Text,
                        b'u' => State::Hex(4),
                        _ => return Err(Fault::InvalidEscape),
                    };
                    *i += 1;
                }
                State::Hex(left) => {
                    if !byte.is_ascii_hexdigit() {
                        return Err(Fault::InvalidEscape);
                    }
                    *state = if left > 1 { State::Hex(left - 1) } else { State::Text };
                    *i += 1;
                }
                State::Utf8(left, low, high) => {
                    if byte < low || byte > high {
                        return Err(Fault::InvalidUtf8);
                    }
                    *state = if left > 1 { State::Utf8(left - 1, 0x80, 0xBF) } else { State::Text };
                    *i += 1;
                }
                State::Number(number) => match number.after(byte) {
                    Some(next) => {
                        *state = State::Number(next);
                        *i += 1;
                    }
                    None if !number.complete() => return Err(Fault::Expected("a digit")),
                    None => {
                        if self.value_ended(state) {
                            return Ok(Some(Event::ValueEnd));
                        }
                    }
                },
                State::Literal(place) => {
                    if LITERALS.get(usize::from(place)) != Some(&byte) {
                        return Err(Fault::Expected("true, false or null"));
                    }
                    *i += 1;
                    *state = State::Literal(place + 1);
                    let ended = LITERALS.get(usize::from(place) + 1) == Some(&b'.');
                    if ended && self.value_ended(state) {
                        return Ok(Some(Event::ValueEnd));
                    }
                }
                _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => *i += 1,
                State::Value | State::ValueOrEnd => {
                    if byte == b']' && *state == State::ValueOrEnd {
                        *i += 1;
                        if self.close(state) {
                            return Ok(Some(Event::ValueEnd));
                        }
                        continue;
                    }
                    let top = self.depth == 1;
                    self.value(byte, state)?;
                    *i += 1;
                    if top {
                        return Ok(Some(Event::ValueStart));
                    }
                }
                State::NameOrEnd | State::Name => match byte {
                    b'"' => {
                        self.in_name = true;
                        *state = State::Text;
                        *i += 1;
                        if self.depth == 1 {
                            return Ok(Some(Event::NameStart));
                        }
                    }
                    b'}' if *state == State::NameOrEnd => {
                        if self.depth == 1 {
                            return self.close_top(i, state);
                        }
                        *i += 1;
                        if self.close(state) {
                            return Ok(Some(Event::ValueEnd));
                        }
                    }
                    _ if *state == State::Name => return Err(Fault::Expected("a member's name")),
                    _ => return Err(Fault::Expected("a member's name or '}'")),
                },
                State::Colon => {
                    if byte != b':' {
                        return Err(Fault::Expected("':'"));
                    }
                    *state = State::Value;
                    *i += 1;
                }
                State::AfterValue => match (byte, self.in_object()) {
                    (b',', object) => {
                        *i += 1;
                        *state = if object { State::Name } else { State::Value };
                        if self.depth == 1 {
                            return Ok(Some(Event::Comma));
                        }
                    }
                    (b'}', true) if self.depth == 1 => return self.close_top(i, state),
                    (b'}', true) | (b']', false) => {
                        *i += 1;
                        if self.close(state) {
                            return Ok(Some(Event::ValueEnd));
                        }
                    }
                    (_, true) => return Err(Fault::Expected("',' or '}'")),
                    (_, false) => return Err(Fault::Expected("',' or ']'")),
                },
                State::Start => {
                    if byte != b'{' {
                        return Err(Fault::NotAnObject);
                    }
                    self.open(true, state)?;
                    *i += 1;
                }
                State::Done => return Err(Fault::TrailingBytes),
            }
        }
        Ok(None)
    }

    /// The first byte of a value.
    #[inline]
    fn value(&mut self, byte: u8, state: &mut State) -> Result<(), Fault> {
        *state = match byte {
            b'"' => State::Text,
            b'{' => return self.open(true, state),
            b'[' => return self.open(false, state),
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Digits),
            b't' => State::Literal(0),
            b'f' => State::Literal(4),
            b'n' => State::Literal(9),
            _ => return Err(Fault::Expected("a value")),
        };
        Ok(())
    }

    fn open(&mut self, object: bool, state: &mut State) -> Result<(), Fault> {
        let word = self.objects.get_mut(self.depth / 64).ok_or(Fault::TooDeep)?;
        let bit = 1u64 << (self.depth % 64);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth += 1;
        *state = if object { State::NameOrEnd } else { State::ValueOrEnd };
        Ok(())
    }

    /// Leaves a level below the top one; true when that ended a top-level member's value.
    fn close(&mut self, state: &mut State) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.value_ended(state)
    }

    fn value_ended(&self, state: &mut State) -> bool {
        *state = State::AfterValue;
        self.depth == 1
    }

    fn close_top(&mut self, i: &mut usize, state: &mut State) -> Result<Option<Event>, Fault> {
        self.depth = 0;
        *state = State::Done;
        *i += 1;
        Ok(Some(Event::Close))
    }

    #[inline]
    fn in_object(&self) -> bool {
        let level = self.depth.saturating_sub(1);
        self.objects.get(level / 64).is_some_and(|word| word >> (level % 64) & 1 == 1)
    }
}

/// One or more characters of two to four bytes (table 3-7 of the Unicode standard), as far as they lie in `text`, which
/// begins at `*i`.
#[inline]
fn multibyte(text: &[u8], i: &mut usize, state: &mut State) -> Result<(), Fault> {
    let mut read = 0;
    loop {
        match *text.get(read..).unwrap_or_default() {
            [0xE1..=0xEC | 0xEE..=0xEF, 0x80..=0xBF, 0x80..=0xBF, ..] => read += 3,
            [0xC2..=0xDF, 0x80..=0xBF, ..] => read += 2,
            [0xF1..=0xF3, 0x80..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..] => read += 4,
            [lead, ..] if lead >= 0x80 => {
                *i += read;
                let (left, low, high) = match lead {
                    0xC2..=0xDF => (1, 0x80, 0xBF),
                    0xE0 => (2, 0xA0, 0xBF),
                    0xED => (2, 0x80, 0x9F),
                    0xE1..=0xEF => (2, 0x80, 0xBF),
                    0xF0 => (3, 0x90, 0xBF),
                    0xF1..=0xF3 => (3, 0x80, 0xBF),
                    0xF4 => (3, 0x80, 0x8F),
                    _ => return Err(Fault::InvalidUtf8),
                };
                *i += 1;
                *state = State::Utf8(left, low, high);
                return Ok(());
            }
            _ => {
                *i += read;
                return Ok(());
            }
        }
    }
}

impl Number {
    /// The state after `byte`, when the number goes on with it.
    #[inline]
    fn after(self, byte: u8) -> Option<Number> {
        use Number::*;
        Some(match (self, byte) {
            (Minus, b'0') => Zero,
            (Minus, b'1'..=b'9') | (Digits, b'0'..=b'9') => Digits,
            (Zero | Digits, b'.') => Point,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (Zero | Digits | Fraction, b'e' | b'E') => E,
            (E, b'+' | b'-') => Sign,
            (E | Sign | Exponent, b'0'..=b'9') => Exponent,
            _ => return None,
        })
    }

    fn complete(self) -> bool {
        matches!(self, Number::Zero | Number::Digits | Number::Fraction | Number::Exponent)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the front of `text` are ordinary ASCII of a string: no quote, backslash, control or high byte.
///
/// Eight bytes at a time; the lowest marked byte of each mark is exact, a borrow can only mark a higher one falsely.
#[inline]
fn plain_run(text: &[u8]) -> usize {
    let mut read = 0;
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        let Ok(word) = word.try_into().map(u64::from_le_bytes) else { break };
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let marks = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word)
            | word;
        let marks = marks & HIGHS;
        if marks != 0 {
            return read + (marks.trailing_zeros() / 8) as usize;
        }
        read += 8;
    }
    let plain = |byte: &u8| matches!(byte, 0x20..=0x7F) && *byte != b'"' && *byte != b'\\';
    read + words.remainder().iter().take_while(|byte| plain(byte)).count()
}
