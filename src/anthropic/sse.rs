//! Server-sent events: written the way Anthropic's API does, and the lines of a stream that passes.

use memchr::memchr2;

/// Appends `event: <name>` and `data: <data>` as one event. Neither may contain a line break (WHATWG HTML §9.2.5).
pub fn event(out: &mut Vec<u8>, name: &[u8], data: &[u8]) {
    for part in [b"event: ", name, b"\ndata: ", data, b"\n\n"] {
        out.extend_from_slice(part);
    }
}

/// A longer line is skipped.
const LONGEST_LINE: usize = 64 * 1024;

/// Finds the `data` lines of a stream that comes in pieces.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line that a piece ended in.
    half: Vec<u8>,
    /// The line is too long to be kept.
    skipping: bool,
}

impl Lines {
    /// Hands over the value of each `data` line that the next piece completes.
    pub fn feed(&mut self, mut piece: &[u8], mut data: impl FnMut(&[u8])) {
        while let Some((line, rest)) = memchr2(b'\n', b'\r', piece).and_then(|end| piece.split_at_checked(end)) {
            piece = rest.get(1..).unwrap_or_default();
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if self.half.is_empty() {
                value(line).into_iter().for_each(&mut data);
            } else {
                self.half.extend_from_slice(line);
                value(&self.half).into_iter().for_each(&mut data);
                self.half.clear();
            }
        }
        if self.half.len() + piece.len() > LONGEST_LINE {
            self.half.clear();
            self.skipping = true;
        } else if !self.skipping {
            self.half.extend_from_slice(piece);
        }
    }
}

fn value(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"data:").map(<[u8]>::trim_ascii_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_skipped_and_only_they() {
        let text = format!("data: a\ndata: {}\ndata:b\n", "x".repeat(LONGEST_LINE));
        for size in [1, 1000, text.len()] {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            text.as_bytes().chunks(size).for_each(|piece| lines.feed(piece, |data| found.push(data.to_vec())));
            let short = |data: &&Vec<u8>| data.len() < 10;
            assert_eq!(found.iter().filter(short).collect::<Vec<_>>(), [b"a", b"b"]);
        }
    }
}
