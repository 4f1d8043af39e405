//! What Bedrock speaks: operations, exceptions, stream chunks.

pub mod exceptions;
pub mod model_id;
pub mod operation;
pub mod stream;
