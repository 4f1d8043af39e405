//! Decodes `application/vnd.amazon.eventstream`.
//!
//! The format is that of Smithy's specification (<https://smithy.io/2.0/aws/amazon-eventstream.html>); all integers are
//! big-endian, both checksums are CRC-32 (IEEE):
//!
//! ```text
//! 0   u32 total length, of everything here
//! 4   u32 length of the headers
//! 8   u32 checksum of bytes 0..8
//! 12  headers, payload
//! -4  u32 checksum of everything before
//! ```

use std::collections::BinaryHeap;
use std::fmt;
use std::str;

const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// Takes a stream in pieces and gives its messages out.
#[derive(Debug)]
pub struct Decoder {
    max_message_bytes: usize,
    /// The part that has arrived of a message still incomplete.
    held: Vec<u8>,
    /// That message's length, once its prelude has been checked.
    total: Option<usize>,
    failed: Option<Error>,
}

/// A message, its checksums and headers checked.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    headers: &'a [u8],
    /// What follows the headers.
    pub payload: &'a [u8],
}

/// The value of a header, of one of the ten types (true and false are two).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub enum HeaderValue<'a> {
    Bool(bool),
    Byte(i8),
    Short(i16),
    Integer(i32),
    Long(i64),
    Bytes(&'a [u8]),
    String(&'a str),
    /// Milliseconds since 1970.
    Timestamp(i64),
    Uuid([u8; 16]),
}

/// Why a stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The first eight bytes are not those that were sent.
    PreludeChecksum {
        /// As in the message.
        announced: u32,
        /// As computed from what arrived.
        computed: u32,
    },
    /// The message is not the one that was sent.
    MessageChecksum {
        /// As in the message.
        announced: u32,
        /// As computed from what arrived.
        computed: u32,
    },
    /// Lengths, in bytes, that no message can have.
    Lengths {
        /// Of the message.
        total: u32,
        /// Of its headers.
        headers: u32,
    },
    /// A message longer than what is decoded, in bytes.
    TooLarge {
        /// The message's length.
        total: u32,
        /// What is decoded at most.
        cap: usize,
    },
    /// The headers are malformed.
    Headers(HeaderError),
    /// The stream ended inside a message.
    Truncated,
    /// The consumer refused an earlier message.
    Stopped,
}

/// What is wrong with the headers of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// A name of no bytes.
    EmptyName,
    /// A type byte above 9.
    UnknownType(u8),
    /// A name or a string that is not UTF-8.
    NotUtf8,
    /// Two headers of one name.
    Duplicate,
    /// A name or value that goes on behind the headers' end.
    Overrun,
}

impl Decoder {
    /// Messages of more than `max_message_bytes`, headers and checksums included, are refused.
    pub fn new(max_message_bytes: usize) -> Self {
        Self { max_message_bytes, held: Vec::new(), total: None, failed: None }
    }

    /// Calls `each` with every message that `piece` completes.
    ///
    /// A message that lies inside `piece` is not copied. What is kept is the incomplete one at its end.
    ///
    /// # Errors
    ///
    /// What is wrong with the stream, as soon as it is known; or what `each` returned. Later calls fail too.
    pub fn feed<E: From<Error>>(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(Message<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let fed = self.feed_whole(piece, &mut each);
        self.failed = match &fed {
            Ok(()) => None,
            Err(Refused::Stream(error)) => Some(*error),
            Err(Refused::Consumer(_)) => Some(Error::Stopped),
        };
        fed.map_err(|refused| match refused {
            Refused::Stream(error) => error.into(),
            Refused::Consumer(error) => error,
        })
    }

    /// To be called when the stream has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] inside a message, or what made the stream fail before.
    pub fn finish(&self) -> Result<(), Error> {
        match self.failed {
            Some(error) => Err(error),
            None if self.held.is_empty() => Ok(()),
            None => Err(Error::Truncated),
        }
    }

    fn feed_whole<E>(
        &mut self,
        piece: &[u8],
        each: &mut impl FnMut(Message<'_>) -> Result<(), E>,
    ) -> Result<(), Refused<E>> {
        let mut rest = piece;
        if !self.held.is_empty() {
            rest = self.top_up(rest, PRELUDE);
            if self.total.is_none() {
                self.total = total(&self.held, self.max_message_bytes)?;
            }
            let Some(total) = self.total else { return Ok(()) };
            rest = self.top_up(rest, total);
            if self.held.len() < total {
                return Ok(());
            }
            each(Message::parse(&self.held)?).map_err(Refused::Consumer)?;
            self.held.clear();
            self.total = None;
        }
        loop {
            let total = total(rest, self.max_message_bytes)?;
            let Some((message, behind)) = total.and_then(|total| rest.split_at_checked(total)) else {
                self.held.extend_from_slice(rest);
                self.total = total;
                return Ok(());
            };
            each(Message::parse(message)?).map_err(Refused::Consumer)?;
            rest = behind;
        }
    }

    /// Moves bytes from `piece` until `wanted` of them are held, or none are left; returns the others.
    fn top_up<'a>(&mut self, piece: &'a [u8], wanted: usize) -> &'a [u8] {
        let missing = wanted.saturating_sub(self.held.len());
        // Exactly: growing by doubling would take up to twice the memory, and WebAssembly gives none back.
        self.held.reserve_exact(missing);
        let (taken, rest) = piece.split_at_checked(missing).unwrap_or((piece, &[]));
        self.held.extend_from_slice(taken);
        rest
    }
}

/// Which side ended the decoding.
enum Refused<E> {
    Stream(Error),
    Consumer(E),
}

impl<E> From<Error> for Refused<E> {
    fn from(error: Error) -> Self {
        Self::Stream(error)
    }
}

/// The length of the message that begins with `bytes`, or `None` when its prelude is incomplete.
fn total(bytes: &[u8], cap: usize) -> Result<Option<usize>, Error> {
    let Some(([a, b, c, d, e, f, g, h], rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let Some(announced) = rest.first_chunk() else { return Ok(None) };
    let announced = u32::from_be_bytes(*announced);
    let computed = crc32fast::hash(&[*a, *b, *c, *d, *e, *f, *g, *h]);
    if announced != computed {
        return Err(Error::PreludeChecksum { announced, computed });
    }
    let total = u32::from_be_bytes([*a, *b, *c, *d]);
    let headers = u32::from_be_bytes([*e, *f, *g, *h]);
    let room_for_headers = total.checked_sub((PRELUDE + CHECKSUM) as u32);
    if room_for_headers.is_none_or(|room| headers > room) {
        return Err(Error::Lengths { total, headers });
    }
    match usize::try_from(total) {
        Ok(bytes) if bytes <= cap => Ok(Some(bytes)),
        _ => Err(Error::TooLarge { total, cap }),
    }
}

impl<'a> Message<'a> {
    /// Its headers in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, HeaderValue<'a>)> {
        let mut rest = self.headers;
        // They were all read when the message was parsed: none of them fails here.
        std::iter::from_fn(move || Header::read(&mut rest)?.ok()?.parse().ok())
    }

    /// The value of the header `name` if it is a string.
    pub fn string(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        loop {
            let header = Header::read(&mut rest)?.ok()?;
            if header.name == name.as_bytes() {
                return if header.kind == 7 { str::from_utf8(header.value).ok() } else { None };
            }
        }
    }

    /// Of a whole message whose prelude has been checked.
    fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        // The prelude's check leaves no other outcome than `Some`.
        let parts = bytes.split_last_chunk().and_then(|(body, checksum)| {
            let (prelude, _) = body.split_first_chunk::<8>()?;
            let [_, _, _, _, headers @ ..] = *prelude;
            let headers = usize::try_from(u32::from_be_bytes(headers)).ok()?;
            let (_, content) = body.split_at_checked(PRELUDE)?;
            Some((body, u32::from_be_bytes(*checksum), content.split_at_checked(headers)?))
        });
        let Some((body, announced, (headers, payload))) = parts else { return Err(Error::Truncated) };
        let computed = crc32fast::hash(body);
        if announced != computed {
            return Err(Error::MessageChecksum { announced, computed });
        }
        check(headers).map_err(Error::Headers)?;
        Ok(Self { headers, payload })
    }
}

/// Reads every header, and sees that no name is there twice.
fn check(headers: &[u8]) -> Result<(), HeaderError> {
    // Most are ASCII throughout, which is quickly seen, and then their text needs no closer look.
    let may_be_no_text = !headers.is_ascii();
    // Real messages have three; the heap is for so many that comparing each with each would take long.
    let mut few: [&[u8]; 8] = [b""; 8];
    let mut more = BinaryHeap::new();
    let mut rest = headers;
    while let Some(header) = Header::read(&mut rest) {
        let header = header?;
        if may_be_no_text {
            header.parse()?;
        }
        if few.contains(&header.name) {
            return Err(HeaderError::Duplicate);
        }
        match few.iter_mut().find(|slot| slot.is_empty()) {
            Some(slot) => *slot = header.name,
            None => more.push(header.name),
        }
    }
    let is_unique = more.into_sorted_vec().array_windows().all(|[one, next]| one != next);
    if is_unique { Ok(()) } else { Err(HeaderError::Duplicate) }
}

/// A header whose text has not been looked at.
struct Header<'a> {
    name: &'a [u8],
    kind: u8,
    value: &'a [u8],
}

impl<'a> Header<'a> {
    /// Takes the first header off `rest`: `u8` length of the name, name, `u8` type, value. `None` at the end.
    fn read(rest: &mut &'a [u8]) -> Option<Result<Self, HeaderError>> {
        let (name_len, after) = rest.split_first()?;
        let header = Self::read_named(*name_len, after);
        if let Ok((_, behind)) = &header {
            *rest = behind;
        }
        Some(header.map(|(header, _)| header))
    }

    fn read_named(name_len: u8, rest: &'a [u8]) -> Result<(Self, &'a [u8]), HeaderError> {
        if name_len == 0 {
            return Err(HeaderError::EmptyName);
        }
        let (name, rest) = rest.split_at_checked(name_len.into()).ok_or(HeaderError::Overrun)?;
        let (&kind, rest) = rest.split_first().ok_or(HeaderError::Overrun)?;
        let (value_len, rest) = match kind {
            0 | 1 => (0, rest),
            2 => (1, rest),
            3 => (2, rest),
            4 => (4, rest),
            5 | 8 => (8, rest),
            6 | 7 => {
                let (len, rest) = rest.split_first_chunk().ok_or(HeaderError::Overrun)?;
                (u16::from_be_bytes(*len).into(), rest)
            }
            9 => (16, rest),
            unknown => return Err(HeaderError::UnknownType(unknown)),
        };
        let (value, rest) = rest.split_at_checked(value_len).ok_or(HeaderError::Overrun)?;
        Ok((Self { name, kind, value }, rest))
    }

    fn parse(&self) -> Result<(&'a str, HeaderValue<'a>), HeaderError> {
        let name = str::from_utf8(self.name).map_err(|_| HeaderError::NotUtf8)?;
        let value = match self.kind {
            0 => HeaderValue::Bool(true),
            1 => HeaderValue::Bool(false),
            2 => HeaderValue::Byte(i8::from_be_bytes(fixed(self.value)?)),
            3 => HeaderValue::Short(i16::from_be_bytes(fixed(self.value)?)),
            4 => HeaderValue::Integer(i32::from_be_bytes(fixed(self.value)?)),
            5 => HeaderValue::Long(i64::from_be_bytes(fixed(self.value)?)),
            6 => HeaderValue::Bytes(self.value),
            7 => HeaderValue::String(str::from_utf8(self.value).map_err(|_| HeaderError::NotUtf8)?),
            8 => HeaderValue::Timestamp(i64::from_be_bytes(fixed(self.value)?)),
            9 => HeaderValue::Uuid(fixed(self.value)?),
            unknown => return Err(HeaderError::UnknownType(unknown)),
        };
        Ok((name, value))
    }
}

fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N], HeaderError> {
    value.try_into().map_err(|_| HeaderError::Overrun)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreludeChecksum { announced, computed } => {
                write!(f, "prelude checksum {announced:08x} announced, {computed:08x} computed")
            }
            Self::MessageChecksum { announced, computed } => {
                write!(f, "message checksum {announced:08x} announced, {computed:08x} computed")
            }
            Self::Lengths { total, headers } => {
                write!(f, "impossible lengths: message of {total} bytes with {headers} bytes of headers")
            }
            Self::TooLarge { total, cap } => write!(f, "message of {total} bytes, at most {cap} are taken"),
            Self::Headers(error) => write!(f, "malformed headers: {error}"),
            Self::Truncated => f.write_str("the stream ended inside a message"),
            Self::Stopped => f.write_str("an earlier message was refused"),
        }
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName => f.write_str("empty name"),
            Self::UnknownType(kind) => write!(f, "unknown type {kind}"),
            Self::NotUtf8 => f.write_str("text that is not utf-8"),
            Self::Duplicate => f.write_str("duplicate name"),
            Self::Overrun => f.write_str("a name or value goes on behind their end"),
        }
    }
}

impl std::error::Error for Error {}
impl std::error::Error for HeaderError {}
