//! The event stream's decoder against AWS's vectors and AWS's own encoder and decoder.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod frames;

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::DateTime;
use aws_smithy_types::event_stream as oracle;
use bedrock_messages::aws::event_stream::{Decoder, Error, HeaderError, HeaderValue};
use frames::{frame, frame_announcing, frame_with_raw_headers};
use proptest::prelude::*;

const CAP: usize = 1 << 20;

#[derive(Debug, Default, PartialEq)]
struct Owned {
    /// Name and `Debug` of the value.
    headers: Vec<(String, String)>,
    payload: Vec<u8>,
}

/// Every message of `pieces`, and how the stream ended.
fn decode<'a>(cap: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, Result<(), Error>) {
    let mut decoder = Decoder::new(cap);
    let mut messages = Vec::new();
    for piece in pieces {
        let fed = decoder.feed(piece, |message| {
            let headers = message.headers().map(|(name, value)| (name.to_owned(), format!("{value:?}")));
            messages.push(Owned { headers: headers.collect(), payload: message.payload.to_vec() });
            Ok::<_, Error>(())
        });
        if fed.is_err() {
            return (messages, fed);
        }
    }
    (messages, decoder.finish())
}

fn error(bytes: &[u8]) -> Error {
    let (_, whole) = decode(CAP, [bytes]);
    let (_, by_byte) = decode(CAP, bytes.chunks(1));
    assert_eq!(whole, by_byte);
    whole.unwrap_err()
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// `test_data` of smithy-rs' `aws-smithy-eventstream` 0.61.6 (Apache-2.0).
mod smithy {
    pub const EMPTY_PAYLOAD: &str = "0000001f0000000f172dc2ab0b736f6d652d6865616465720301f4933c5cad";
    pub const NO_HEADERS: &str = "0000002400000000516356ad616e6f746865722074657374207061796c6f61648df80e65";
    pub const ALL_HEADERS: &str = concat!(
        "000000960000007a8bb495fb0474727565000566616c736501046279746502320573686f7274034e2003696e74040007a120046c6f6e67",
        "050000000ba43b740005627974657306000a736f6d6520627974657303737472070008736f6d65207374720474696d6508000000012a05",
        "f200047575696409b79bc914de214e13b8b2bc47e85b7f0b736f6d65207061796c6f616401a05860"
    );
}

#[test]
fn messages_of_smithys_vectors() {
    let stream = unhex(&[smithy::EMPTY_PAYLOAD, smithy::NO_HEADERS, smithy::ALL_HEADERS].concat());
    for size in 1..=stream.len() {
        let (messages, end) = decode(CAP, stream.chunks(size));
        assert_eq!(end, Ok(()));
        let [empty, no_headers, all] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(empty.headers, [("some-header".to_owned(), "Short(500)".to_owned())]);
        assert_eq!(empty.payload, b"");
        assert_eq!(no_headers.headers, []);
        assert_eq!(no_headers.payload, b"another test payload");
        assert_eq!(all.payload, b"some payload");
        let headers: Vec<(&str, &str)> = all.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let uuid = "Uuid([183, 155, 201, 20, 222, 33, 78, 19, 184, 178, 188, 71, 232, 91, 127, 11])";
        let expected = [
            ("true", "Bool(true)"),
            ("false", "Bool(false)"),
            ("byte", "Byte(50)"),
            ("short", "Short(20000)"),
            ("int", "Integer(500000)"),
            ("long", "Long(50000000000)"),
            ("bytes", "Bytes([115, 111, 109, 101, 32, 98, 121, 116, 101, 115])"),
            ("str", "String(\"some str\")"),
            ("time", "Timestamp(5000000000)"),
            ("uuid", uuid),
        ];
        assert_eq!(headers, expected);
    }
}

#[test]
fn a_wrong_prelude_is_known_after_twelve_bytes() {
    let mut bytes = unhex(smithy::ALL_HEADERS);
    bytes[8..12].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
    let expected = Error::PreludeChecksum { announced: 0xdead_beef, computed: 0x8bb4_95fb };
    assert_eq!(error(&bytes), expected);
    assert_eq!(error(&bytes[..12]), expected);
    assert_eq!(error(&bytes[..11]), Error::Truncated);
}

#[test]
fn a_wrong_message_checksum() {
    let mut bytes = unhex(smithy::NO_HEADERS);
    bytes[20] ^= 1;
    let computed = crc32fast::hash(&bytes[..bytes.len() - 4]);
    assert_eq!(error(&bytes), Error::MessageChecksum { announced: 0x8df8_0e65, computed });
}

#[test]
fn impossible_lengths() {
    for (total, headers) in [(0, 0), (15, 0), (16, 1), (20, 5), (u32::MAX, u32::MAX), (100, u32::MAX - 15)] {
        let bytes = frame_announcing(total, headers, &[]);
        assert_eq!(error(&bytes[..12]), Error::Lengths { total, headers });
    }
}

#[test]
fn the_smallest_message() {
    let (messages, end) = decode(16, [frame(&[], b"").as_slice()]);
    assert_eq!((messages, end), (vec![Owned::default()], Ok(())));
}

#[test]
fn a_message_over_the_cap_is_refused_before_it_arrives() {
    let message = frame(&[], &[b'x'; 84]);
    assert_eq!(decode(100, [message.as_slice()]).1, Ok(()));
    assert_eq!(decode(99, [&message[..12]]).1, Err(Error::TooLarge { total: 100, cap: 99 }));
    let boundless = frame_announcing(u32::MAX, 0, &[]);
    assert_eq!(decode(CAP, [boundless.as_slice()]).1, Err(Error::TooLarge { total: u32::MAX, cap: CAP }));
}

#[test]
fn malformed_headers() {
    let long_name = [b"\xff".as_slice(), &[b'n'; 255], b"\0"].concat();
    assert_eq!(decode(CAP, [frame_with_raw_headers(&long_name, b"").as_slice()]).1, Ok(()));
    let cases: [(&[u8], HeaderError); 17] = [
        (b"\0", HeaderError::EmptyName),
        (b"\0\0", HeaderError::EmptyName),
        (b"\x01", HeaderError::Overrun),
        (b"\x01n", HeaderError::Overrun),
        (b"\x05n\0", HeaderError::Overrun),
        (b"\x01n\x0a", HeaderError::UnknownType(10)),
        (b"\x01n\xff", HeaderError::UnknownType(255)),
        (b"\x01n\x02", HeaderError::Overrun),
        (b"\x01n\x04\0\0\0", HeaderError::Overrun),
        (b"\x01n\x06\0", HeaderError::Overrun),
        (b"\x01n\x07\0\x02a", HeaderError::Overrun),
        (b"\x01n\x07\xff\xffa", HeaderError::Overrun),
        (b"\x01n\x09123456789012345", HeaderError::Overrun),
        (b"\x01\xff\0", HeaderError::NotUtf8),
        (b"\x01n\x07\0\x01\xff", HeaderError::NotUtf8),
        (b"\x01n\0\x01n\x01", HeaderError::Duplicate),
        (b"\x01n\0\x01m\0\x01n\0", HeaderError::Duplicate),
    ];
    for (headers, expected) in cases {
        assert_eq!(error(&frame_with_raw_headers(headers, b"payload")), Error::Headers(expected), "{headers:?}");
    }
}

#[test]
fn many_headers() {
    let distinct: Vec<u8> =
        (0..20_000).flat_map(|n| [b"\x06".as_slice(), format!("{n:06}").as_bytes(), b"\0"].concat()).collect();
    let (messages, end) = decode(CAP, [frame_with_raw_headers(&distinct, b"").as_slice()]);
    assert_eq!((messages[0].headers.len(), end), (20_000, Ok(())));
    for repeated in ["000000", "000007", "000008", "019999"] {
        let headers = [distinct.as_slice(), b"\x06", repeated.as_bytes(), b"\0"].concat();
        assert_eq!(error(&frame_with_raw_headers(&headers, b"")), Error::Headers(HeaderError::Duplicate));
    }
}

#[test]
fn a_header_by_name() {
    let bytes = frame_with_raw_headers(b"\x01a\x07\0\x01x\x01b\0\x02ab\x07\0\0", b"");
    let mut found = Vec::new();
    let fed = Decoder::new(CAP).feed(&bytes, |message| {
        found.extend(["a", "b", "ab", "c", ""].map(|name| message.string(name).map(str::to_owned)));
        assert_eq!(message.headers().nth(1), Some(("b", HeaderValue::Bool(true))));
        Ok::<_, Error>(())
    });
    assert_eq!(fed, Ok(()));
    assert_eq!(found, [Some("x".to_owned()), None, Some(String::new()), None, None]);
}

/// Takes minutes if what is held is looked through at every piece.
#[test]
fn a_long_message_byte_by_byte() {
    let bytes = frame(&[], &vec![b'x'; CAP - 16]);
    let (messages, end) = decode(CAP, bytes.chunks(1));
    assert_eq!((messages[0].payload.len(), end), (CAP - 16, Ok(())));
}

#[test]
fn the_end_inside_a_message() {
    let bytes = unhex(smithy::NO_HEADERS);
    for cut in 1..bytes.len() {
        assert_eq!(error(&bytes[..cut]), Error::Truncated);
    }
    assert_eq!(decode(CAP, [b"".as_slice()]).1, Ok(()));
}

#[test]
fn an_error_stays() {
    let mut decoder = Decoder::new(CAP);
    let wrong = [0; 12];
    let failed = decoder.feed(&wrong, |_| Ok(()));
    assert!(matches!(failed, Err(Error::PreludeChecksum { .. })));
    assert_eq!(decoder.feed(&frame(&[], b""), |_| Ok(())), failed);
    assert_eq!(decoder.finish(), failed);
}

#[test]
fn the_consumers_error_is_returned_and_ends_the_stream() {
    #[derive(Debug, PartialEq)]
    enum Consumer {
        Refuses,
        Stream(Error),
    }
    impl From<Error> for Consumer {
        fn from(error: Error) -> Self {
            Self::Stream(error)
        }
    }
    let two = [frame(&[], b"1"), frame(&[], b"2")].concat();
    for size in [two.len(), 5] {
        let mut decoder = Decoder::new(CAP);
        let mut calls = 0;
        let mut fed = Vec::new();
        for piece in two.chunks(size) {
            fed.push(decoder.feed(piece, |_| {
                calls += 1;
                Err(Consumer::Refuses)
            }));
        }
        fed.push(decoder.feed(&two, |_| Ok(())));
        assert_eq!(calls, 1);
        let first = fed.iter().position(Result::is_err).unwrap();
        assert_eq!(fed[first], Err(Consumer::Refuses));
        assert!(fed[first + 1..].iter().all(|fed| *fed == Err(Consumer::Stream(Error::Stopped))));
    }
}

fn header_value() -> impl Strategy<Value = oracle::HeaderValue> {
    use oracle::HeaderValue as V;
    prop_oneof![
        any::<bool>().prop_map(V::Bool),
        any::<i8>().prop_map(V::Byte),
        any::<i16>().prop_map(V::Int16),
        any::<i32>().prop_map(V::Int32),
        any::<i64>().prop_map(V::Int64),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| V::ByteArray(bytes.into())),
        any::<String>().prop_map(|text| V::String(text.into())),
        (0_i64..4_000_000_000_000).prop_map(|millis| V::Timestamp(DateTime::from_millis(millis))),
        any::<u128>().prop_map(V::Uuid),
    ]
}

fn shown(value: &oracle::HeaderValue) -> String {
    use oracle::HeaderValue as V;
    let value = match value {
        V::Bool(value) => HeaderValue::Bool(*value),
        V::Byte(value) => HeaderValue::Byte(*value),
        V::Int16(value) => HeaderValue::Short(*value),
        V::Int32(value) => HeaderValue::Integer(*value),
        V::Int64(value) => HeaderValue::Long(*value),
        V::ByteArray(value) => HeaderValue::Bytes(value),
        V::String(value) => HeaderValue::String(value.as_str()),
        V::Timestamp(value) => HeaderValue::Timestamp(value.to_millis().unwrap()),
        V::Uuid(value) => HeaderValue::Uuid(value.to_be_bytes()),
        _ => unreachable!(),
    };
    format!("{value:?}")
}

proptest! {
    #[test]
    fn what_aws_encodes_is_decoded_however_it_is_cut(
        contents in prop::collection::vec(
            (prop::collection::btree_map("[a-z:-]{1,30}", header_value(), 0..12), prop::collection::vec(any::<u8>(), 0..300)),
            0..6,
        ),
        sizes in prop::collection::vec(1_usize..400, 1..20),
    ) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (headers, payload) in contents {
            let headers_shown = headers.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
            expected.push(Owned { headers: headers_shown, payload: payload.clone() });
            let headers = headers.into_iter().map(|(name, value)| oracle::Header::new(name, value)).collect();
            write_message_to(&oracle::Message::new_from_parts(headers, payload), &mut stream).unwrap();
        }
        let mut rest = stream.as_slice();
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(decode(CAP, pieces), (expected, Ok(())));
    }

    #[test]
    fn what_aws_refuses_is_refused(
        mut bytes in Just(unhex(smithy::ALL_HEADERS)),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        right_checksums in any::<bool>(),
    ) {
        for (at, byte) in changes {
            bytes[at.index(150)] = byte;
        }
        if right_checksums {
            let prelude = crc32fast::hash(&bytes[..8]).to_be_bytes();
            bytes[8..12].copy_from_slice(&prelude);
            let message = crc32fast::hash(&bytes[..146]).to_be_bytes();
            bytes[146..].copy_from_slice(&message);
        }
        let (messages, end) = decode(CAP, [bytes.as_slice()]);
        prop_assert_eq!(&(messages.len(), end), &{ let (m, e) = decode(CAP, bytes.chunks(1)); (m.len(), e) });
        // Beyond AWS's decoder, names are unique and not empty, and a stream ends with a message.
        let stricter = [HeaderError::Duplicate, HeaderError::EmptyName].map(Error::Headers);
        if end.is_ok() {
            prop_assert!(read_message_from(bytes.as_slice()).is_ok());
        } else if !matches!(end, Err(error) if error == Error::Truncated || stricter.contains(&error)) {
            prop_assert!(read_message_from(bytes.as_slice()).is_err());
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), headers in prop::collection::vec(any::<u8>(), 0..40)) {
        let whole = decode(CAP, [bytes.as_slice()]);
        prop_assert_eq!(whole, decode(CAP, bytes.chunks(1)));
        let message = frame_with_raw_headers(&headers, &bytes);
        prop_assert_eq!(decode(CAP, [message.as_slice()]), decode(CAP, message.chunks(3)));
    }
}
