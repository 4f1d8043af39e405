//! What Bedrock speaks: operations, model ids, exceptions, stream chunks.

pub mod exceptions;
pub mod model_id;
pub mod stream;
