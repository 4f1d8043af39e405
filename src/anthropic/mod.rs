//! What Anthropic clients speak: the error envelope, the Models API and SSE.

pub mod error;
pub mod models;
pub mod sse;
