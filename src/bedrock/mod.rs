//! What Bedrock speaks: operations, model ids, exceptions, stream chunks.

pub mod exceptions;
pub mod model_id;
pub mod operation;
pub mod stream;
