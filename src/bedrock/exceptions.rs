//! Exceptions and what they become.
