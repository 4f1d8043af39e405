//! What Anthropic clients speak: the error envelope, the Models API and SSE.

pub mod account;
pub mod error;
pub mod models;
pub mod sse;
