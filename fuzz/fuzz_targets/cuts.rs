//! Cuts that the input chooses: its first byte says how many lengths follow, they are used in turn.

/// A text, and the lengths of the pieces it comes in.
pub struct Cuts<'a> {
    lengths: &'a [u8],
    /// What is cut.
    pub text: &'a [u8],
}

impl<'a> Cuts<'a> {
    /// At most 15 lengths; without any, the pieces are single bytes.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let (count, rest) = input.split_first()?;
        let (lengths, text) = rest.split_at_checked(usize::from(count & 15))?;
        let lengths = if lengths.iter().all(|length| *length == 0) { &[1] } else { lengths };
        Some(Self { lengths, text })
    }

    /// `text`, if it is another than the one that was read, in pieces; some may be empty.
    pub fn pieces<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        let mut rest = text;
        let mut lengths = self.lengths.iter().cycle();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let length = usize::from(*lengths.next()?).min(rest.len());
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            Some(piece)
        })
    }
}
