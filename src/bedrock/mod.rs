//! What Bedrock speaks: operations, exceptions, stream chunks.

pub mod exceptions;
pub mod stream;
