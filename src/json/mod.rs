//! JSON that is edited while it arrives, without a tree: a validating scanner, and the editor of members on it.

mod digest;
mod editor;
mod levels;
mod names;
mod output;
mod paths;
mod scanner;
mod taken;
mod text;
mod utf8;

pub use digest::{Coding, Encoder};
pub use editor::{Drops, Editor};
pub use output::{Edit, Edited};
pub use paths::{Found, LONGEST_VALUE, Paths, Rule, Taking, When};
pub use scanner::{Fault, MAX_DEPTH};
pub use taken::{Taken, taken};

use std::fmt;

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    // A text always has a JSON form.
    serde_json::to_string(text).unwrap_or_default()
}

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
