//! The inside of a JSON string, read a block at a time and without a branch for each escape: most of a request is that.

/// Bytes of a block; a `u32` has a bit for each, the first byte's lowest.
const BLOCK: usize = 32;

/// How many bytes at the front of `text` are characters and simple escapes of a string. Stops before its closing quote,
/// and before whatever is rare, wrong or cut off, which is the scanner's. Of UTF-8 it knows nothing.
#[inline]
pub(super) fn text(text: &[u8]) -> usize {
    let mut read = 0;
    // As long as there is no escape.
    while let Some(piece) = text.get(read..).and_then(<[u8]>::first_chunk) {
        let marks = any_mark(piece);
        if marks != 0 {
            read += marks.trailing_zeros() as usize;
            return match text.get(read) {
                Some(b'\\') => read + with_escapes(text.get(read..).unwrap_or_default()),
                _ => read,
            };
        }
        read += piece.len();
    }
    read + by_bytes(text.get(read..).unwrap_or_default())
}

/// The same for text in which escapes are to be expected.
fn with_escapes(text: &[u8]) -> usize {
    let mut read = 0;
    while let Some(block) = text.get(read..).and_then(<[u8]>::first_chunk) {
        let Marks { quotes, backslashes, controls } = Marks::of(block);
        let escaped = escaped(backslashes);
        let wrong = escaped & !simple_escapes(block);
        let stops = (quotes & !escaped) | controls | wrong >> 1;
        if stops != 0 {
            return read + stops.trailing_zeros() as usize;
        }
        // An escape that begins with the last byte is read with the next block.
        let cut_escape = (backslashes & !escaped) >> (BLOCK - 1);
        read += BLOCK - cut_escape as usize;
    }
    read + by_bytes(text.get(read..).unwrap_or_default())
}

/// The same for what is less than a block.
fn by_bytes(text: &[u8]) -> usize {
    let mut read = 0;
    loop {
        read += match text.get(read..).unwrap_or_default() {
            [b'\\', byte, ..] if is_simple_escape(*byte) => 2,
            [b'"' | b'\\' | ..=0x1F, ..] | [] => return read,
            _ => 1,
        };
    }
}

/// The bytes that follow the backslash of an escape, given all backslashes: the second, fourth … of a run of them, and
/// the byte behind a run of odd length. From simdjson (Langdale, Lemire, "Parsing Gigabytes of JSON per Second", 3.1.1).
#[inline]
fn escaped(backslashes: u32) -> u32 {
    const ODD: u32 = 0xAAAA_AAAA;
    let behind = backslashes << 1;
    (behind | ODD).wrapping_sub(backslashes) ^ ODD ^ backslashes
}

fn is_simple_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

/// Which bytes of a block are what.
#[derive(Debug, PartialEq, Eq)]
struct Marks {
    quotes: u32,
    backslashes: u32,
    controls: u32,
}

#[cfg(target_feature = "simd128")]
mod simd {
    use super::{BLOCK, Marks};
    use std::arch::wasm32::*;

    impl Marks {
        #[inline]
        pub(super) fn of(block: &[u8; BLOCK]) -> Self {
            Marks {
                quotes: bits(block, |bytes| u8x16_eq(bytes, u8x16_splat(b'"'))),
                backslashes: bits(block, |bytes| u8x16_eq(bytes, u8x16_splat(b'\\'))),
                controls: bits(block, |bytes| u8x16_lt(bytes, u8x16_splat(0x20))),
            }
        }
    }

    /// Quotes, backslashes and control characters.
    #[inline]
    pub(super) fn any_mark(bytes: &[u8; 16]) -> u32 {
        let bytes = load(bytes);
        let quote = u8x16_eq(bytes, u8x16_splat(b'"'));
        let backslash = u8x16_eq(bytes, u8x16_splat(b'\\'));
        let control = u8x16_lt(bytes, u8x16_splat(0x20));
        u8x16_bitmask(v128_or(control, v128_or(quote, backslash))).into()
    }

    /// The bytes that may follow a backslash and end its escape.
    #[inline]
    pub(super) fn simple_escapes(block: &[u8; BLOCK]) -> u32 {
        bits(block, |bytes| {
            let is = |byte| u8x16_eq(bytes, u8x16_splat(byte));
            let marks = v128_or(v128_or(is(b'"'), is(b'\\')), v128_or(is(b'/'), is(b'n')));
            v128_or(marks, v128_or(v128_or(is(b'b'), is(b'f')), v128_or(is(b'r'), is(b't'))))
        })
    }

    /// One bit for each byte of which `test` sets the lane.
    #[inline]
    fn bits(block: &[u8; BLOCK], test: impl Fn(v128) -> v128) -> u32 {
        let (halves, _) = block.as_chunks();
        halves.iter().rev().fold(0, |bits, half| bits << 16 | u32::from(u8x16_bitmask(test(load(half)))))
    }

    /// The compiler makes one load of it.
    #[inline]
    fn load(bytes: &[u8; 16]) -> v128 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        u8x16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    }
}

#[cfg(not(target_feature = "simd128"))]
mod portable {
    use super::{BLOCK, Marks};

    const LOWS: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    const ONES: u64 = 0x0101_0101_0101_0101;

    impl Marks {
        #[inline]
        pub(super) fn of(block: &[u8; BLOCK]) -> Self {
            Marks {
                quotes: bits(block, |word| equal(word, b'"')),
                backslashes: bits(block, |word| equal(word, b'\\')),
                controls: bits(block, |word| zero(word & (ONES * 0xE0))),
            }
        }
    }

    /// Quotes, backslashes and control characters.
    #[inline]
    pub(super) fn any_mark(bytes: &[u8; 16]) -> u32 {
        let any = |word| equal(word, b'"') | equal(word, b'\\') | zero(word & (ONES * 0xE0));
        bits(bytes, any)
    }

    /// The bytes that may follow a backslash and end its escape.
    #[inline]
    pub(super) fn simple_escapes(block: &[u8; BLOCK]) -> u32 {
        bits(block, |word| b"\"\\/bfnrt".iter().fold(0, |marks, byte| marks | equal(word, *byte)))
    }

    fn equal(word: u64, byte: u8) -> u64 {
        zero(word ^ (ONES * u64::from(byte)))
    }

    /// The high bit of each byte that is zero; adding to seven bits never carries into the next byte.
    fn zero(word: u64) -> u64 {
        !(((word & LOWS) + LOWS) | word | LOWS)
    }

    /// One bit for each byte of which `test` sets the high bit.
    #[inline]
    fn bits(block: &[u8], test: impl Fn(u64) -> u64) -> u32 {
        let (words, _) = block.as_chunks();
        // The product gathers the eight high bits in its highest byte, the first byte's lowest.
        let gather = |marks: u64| ((marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
        words.iter().rev().fold(0, |bits, word| bits << 8 | gather(test(u64::from_le_bytes(*word))))
    }
}

#[cfg(not(target_feature = "simd128"))]
use portable::{any_mark, simple_escapes};
#[cfg(target_feature = "simd128")]
use simd::{any_mark, simple_escapes};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK {
                let bit = |is: bool| u32::from(is) << place;
                let mut block = [b'a'; BLOCK];
                block[place] = byte;
                let expected =
                    Marks { quotes: bit(byte == b'"'), backslashes: bit(byte == b'\\'), controls: bit(byte < 0x20) };
                assert_eq!(Marks::of(&block), expected, "{byte} at {place}");
                assert_eq!(simple_escapes(&block), bit(is_simple_escape(byte)), "{byte} at {place}");
                let all = expected.quotes | expected.backslashes | expected.controls;
                assert_eq!(any_mark(block.first_chunk().unwrap()), all & 0xFFFF, "{byte} at {place}");
                let mut block = [byte; BLOCK];
                block[place] = b'a';
                let all = |is: bool| if is { !bit(true) } else { 0 };
                let expected =
                    Marks { quotes: all(byte == b'"'), backslashes: all(byte == b'\\'), controls: all(byte < 0x20) };
                assert_eq!(Marks::of(&block), expected, "all but {place} {byte}");
            }
        }
    }

    #[test]
    fn escaped_bytes_are_those_a_reader_skips() {
        for low in 0..1u32 << 14 {
            for backslashes in [low, low << 18, low << 9 | low.rotate_right(9)] {
                let (mut expected, mut at) = (0u32, 0);
                while at < 31 {
                    let begins = backslashes >> at & 1;
                    expected |= begins << (at + 1);
                    at += 1 + begins;
                }
                assert_eq!(escaped(backslashes), expected, "{backslashes:032b}");
            }
        }
    }

    #[test]
    fn reads_as_far_as_it_may() {
        let plain = "a\\n\\\"é{".repeat(20);
        for (text, read) in [
            ("", 0),
            ("\"", 0),
            ("ab\"", 2),
            ("a\\", 1),
            ("a\\u0041", 1),
            ("a\\x", 1),
            ("a\nb", 1),
            ("a\\\\\"", 3),
            ("é\"", 2),
        ] {
            for shift in 0..70 {
                // Cut where a character and not an escape begins.
                let front: String = plain.chars().skip(shift / 7 * 7).chain(std::iter::repeat_n('x', shift)).collect();
                let whole = format!("{front}{text}");
                assert_eq!(super::text(whole.as_bytes()), front.len() + read, "{whole}");
            }
        }
    }
}
