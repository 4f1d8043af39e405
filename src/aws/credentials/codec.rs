//! Numbers and texts as bytes: eight bytes, or a length of four and the text, little endian; in front a version.

/// Writes them.
pub struct Writer(Vec<u8>);

impl Writer {
    /// For a layout of that version.
    pub fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// All texts here are far below 4 GiB.
    pub fn text(&mut self, text: &str) {
        let length = u32::try_from(text.len()).unwrap_or_default();
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend(text.bytes().take(length as usize));
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads them.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Nothing where the layout is of another version.
    pub fn new(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        (*first == version).then_some(Self(rest))
    }

    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}
