//! JSON that is edited while it arrives, without a tree: a validating scanner, and the editor of top-level members on it.

mod editor;
mod names;
mod scanner;
mod text;
mod utf8;

pub use editor::{Edit, Edited, Editor, Taken, Taking};
pub use scanner::{Fault, MAX_DEPTH};

use std::fmt;

/// Why a text was refused, and where: `at` counts bytes from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was wrong; never quotes the text.
    pub fault: Fault,
    /// Offset of the byte at which it was seen.
    pub at: u64,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.fault, self.at)
    }
}

impl std::error::Error for Error {}
