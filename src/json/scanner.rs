//! A validating JSON scanner (RFC 8259) that takes its text in pieces and says where the members of the top-level
//! object begin and end, and those of the objects and arrays inside that its reader chooses to watch. It keeps one bit a
//! level of nesting and nothing of the text. That the text is UTF-8 is seen to elsewhere (`utf8`).

use super::text::text;
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

/// What was just read of the innermost watched object or array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The opening quote of a member's name.
    NameStart,
    /// The closing quote of a member's name.
    NameEnd,
    /// The first byte of a member's value, or of an element.
    ValueStart,
    /// The last byte of a member's value, or of an element, that was not watched itself.
    ValueEnd,
    /// The comma behind a member or an element.
    Comma,
    /// The closing brace or bracket; what is around it is watched from here on.
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
    /// The depth of the innermost watched object or array.
    watched: usize,
    /// Nothing is told of the value that is read.
    mute: bool,
    /// One bit a level: set in an object.
    objects: [u64; MAX_DEPTH / 64],
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { state: State::Start, in_name: false, depth: 0, watched: 1, mute: false, objects: [0; MAX_DEPTH / 64] }
    }

    /// Watches the object or array whose first byte was the last event.
    pub(super) fn watch(&mut self) {
        self.watched = self.depth;
    }

    /// Leaves out the events of the value that follows, or of what is left of it.
    pub(super) fn mute(&mut self) {
        self.mute = true;
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
                    *i += text(piece.get(*i..).unwrap_or_default());
                    let rest = piece.get(*i..).unwrap_or_default();
                    let Some(&byte) = rest.first() else { break };
                    match byte {
                        b'"' => {
                            *i += 1;
                            if self.in_name {
                                self.in_name = false;
                                *state = State::Colon;
                                if self.depth == self.watched {
                                    return Ok(Some(Event::NameEnd));
                                }
                                // What usually follows is read at once.
                                if piece.get(*i) == Some(&b':') {
                                    *i += 1;
                                    *state = State::Value;
                                }
                            } else if self.value_ended(state) {
                                return Ok(Some(Event::ValueEnd));
                            } else if self.depth != self.watched && piece.get(*i) == Some(&b',') {
                                *i += 1;
                                *state = if self.in_object() { State::Name } else { State::Value };
                            }
                        }
                        b'\\' => {
                            *i += 1;
                            *state = State::Escape;
                        }
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
                        match self.close(state) {
                            None => continue,
                            event => return Ok(event),
                        }
                    }
                    let told = self.depth == self.watched && !self.mute;
                    self.value(byte, state)?;
                    *i += 1;
                    if told {
                        return Ok(Some(Event::ValueStart));
                    }
                }
                State::NameOrEnd | State::Name => match byte {
                    b'"' => {
                        self.in_name = true;
                        *state = State::Text;
                        *i += 1;
                        if self.depth == self.watched {
                            return Ok(Some(Event::NameStart));
                        }
                    }
                    b'}' if *state == State::NameOrEnd => {
                        *i += 1;
                        if let event @ Some(_) = self.close(state) {
                            return Ok(event);
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
                        if self.depth == self.watched {
                            self.mute = false;
                            return Ok(Some(Event::Comma));
                        }
                    }
                    (b'}', true) | (b']', false) => {
                        *i += 1;
                        if let event @ Some(_) = self.close(state) {
                            return Ok(event);
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

    fn close(&mut self, state: &mut State) -> Option<Event> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth < self.watched {
            self.watched = self.depth;
            self.mute = false;
            *state = if self.depth == 0 { State::Done } else { State::AfterValue };
            return Some(Event::Close);
        }
        self.value_ended(state).then_some(Event::ValueEnd)
    }

    /// Whether that is told.
    fn value_ended(&self, state: &mut State) -> bool {
        *state = State::AfterValue;
        self.depth == self.watched && !self.mute
    }

    #[inline]
    fn in_object(&self) -> bool {
        let level = self.depth.saturating_sub(1);
        self.objects.get(level / 64).is_some_and(|word| word >> (level % 64) & 1 == 1)
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
