//! Makes messages of an event stream out of any bytes, so that the fuzzer gets behind the checksums.

use std::ops::RangeInclusive;

/// The shortest message.
const LEAST: usize = 16;

/// Writes right checksums into the messages that `stream` begins with; with `lengths`, lengths that fit too.
pub fn repair(stream: &mut [u8], lengths: bool) {
    let mut rest = stream;
    while rest.len() >= LEAST {
        let size = rest.len();
        let total = u32_at(rest, 0);
        let headers = u32_at(rest, 4);
        let (total, headers) = if lengths {
            let total = into_range(total, LEAST..=size);
            (total, into_range(headers, 0..=total - LEAST))
        } else {
            (total, headers)
        };
        put(rest, 0, total as u32);
        put(rest, 4, headers as u32);
        put(rest, 8, crc32fast::hash(&rest[..8]));
        if !(LEAST..=size).contains(&total) {
            return;
        }
        let (message, behind) = rest.split_at_mut(total);
        put(message, total - 4, crc32fast::hash(&message[..total - 4]));
        rest = behind;
    }
}

/// A message around headers and a payload.
#[allow(dead_code, reason = "not every target builds messages")]
pub fn message(headers: &[(&str, &[u8])], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(name.len() as u8);
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend((value.len() as u16).to_be_bytes());
        block.extend_from_slice(value);
    }
    let total = (LEAST + block.len() + payload.len()) as u32;
    let mut out = [total.to_be_bytes(), (block.len() as u32).to_be_bytes(), [0; 4]].concat();
    out.extend(block);
    out.extend_from_slice(payload);
    out.extend([0; 4]);
    repair(&mut out, false);
    out
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// A number that is in the range stays.
fn into_range(number: usize, range: RangeInclusive<usize>) -> usize {
    let (start, end) = range.into_inner();
    if (start..=end).contains(&number) { number } else { start + number % (end - start + 1) }
}
