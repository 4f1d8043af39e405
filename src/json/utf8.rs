//! Whether a text that comes in pieces is UTF-8.

/// The state between two pieces: the beginning of a character that a piece ended in.
#[derive(Default)]
pub(super) struct Utf8 {
    half: Vec<u8>,
}

/// Where a character that is none begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// So many bytes before this piece.
    Before(usize),
    /// Here in this piece.
    At(usize),
}

impl Utf8 {
    /// Reads the next piece.
    #[inline]
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), Invalid> {
        let rest = if self.half.is_empty() { piece } else { self.complete(piece)? };
        // The fast check does not say where; the slow one is for a text that is wrong or ends in half a character.
        if simdutf8::basic::from_utf8(rest).is_ok() {
            return Ok(());
        }
        let Err(error) = std::str::from_utf8(rest) else { return Ok(()) };
        let at = piece.len() - rest.len() + error.valid_up_to();
        if error.error_len().is_some() {
            return Err(Invalid::At(at));
        }
        self.half.extend_from_slice(piece.get(at..).unwrap_or_default());
        Ok(())
    }

    /// Completes the half character with the bytes that begin the piece; what is left of the piece.
    fn complete<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], Invalid> {
        let before = self.half.len();
        for (read, byte) in piece.iter().enumerate() {
            self.half.push(*byte);
            match std::str::from_utf8(&self.half) {
                Ok(_) => {
                    self.half.clear();
                    return Ok(piece.get(read + 1..).unwrap_or_default());
                }
                Err(error) if error.error_len().is_some() => return Err(Invalid::Before(before)),
                Err(_) => {}
            }
        }
        Ok(&[])
    }
}
