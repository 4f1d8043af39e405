//! What is wrong with a configuration, and where.

use std::fmt::{self, Write};

use serde::de::{self, Expected, Unexpected};

use super::ConfigError;

/// What is wrong, and where; nothing of what was there but keys.
#[derive(Debug)]
pub(super) struct ReadError(Box<Wrong>);

#[derive(Debug)]
struct Wrong {
    /// Innermost first.
    path: Vec<Step>,
    problem: String,
}

#[derive(Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

// Not inlined: what reads a type would have it once for each of its members.
impl ReadError {
    #[inline(never)]
    pub(super) fn new(problem: String) -> Self {
        Self(Box::new(Wrong { path: Vec::new(), problem }))
    }

    #[inline(never)]
    pub(super) fn expected(what: &str) -> Self {
        Self::new(format!("expected {what}"))
    }

    #[inline(never)]
    pub(super) fn duplicate(key: &str) -> Self {
        Self::new("given twice".to_owned()).inside(Step::Key(key.to_owned()))
    }

    #[inline(never)]
    pub(super) fn inside(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    pub(super) fn into_config_error(self) -> ConfigError {
        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(key) if !is_plain(key) => write!(path, "[{key:?}]"),
                Step::Key(key) if path.is_empty() => write!(path, "{key}"),
                Step::Key(key) => write!(path, ".{key}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        ConfigError::Member { path, problem: self.0.problem }
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What serde's derive reports: of the value it found, nothing is passed on.
impl de::Error for ReadError {
    /// Only the checks of `values.rs` get here, with texts of their own.
    #[inline(never)]
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self::new(problem.to_string())
    }

    #[inline(never)]
    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    #[inline(never)]
    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    #[inline(never)]
    fn invalid_length(_found: usize, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    #[inline(never)]
    fn unknown_variant(_found: &str, known: &'static [&'static str]) -> Self {
        Self::expected(&format!("one of {}", known.join(", ")))
    }

    #[inline(never)]
    fn unknown_field(_found: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("unknown key; known here: {}", known.join(", ")))
    }

    #[inline(never)]
    fn missing_field(key: &'static str) -> Self {
        Self::new("missing, and required".to_owned()).inside(Step::Key(key.to_owned()))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::duplicate(key)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.problem)
    }
}

impl std::error::Error for ReadError {}
