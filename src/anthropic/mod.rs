//! What Anthropic clients speak: the error envelope and SSE.

pub mod error;
pub mod sse;
