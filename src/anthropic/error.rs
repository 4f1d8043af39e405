//! The error envelope.
