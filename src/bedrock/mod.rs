//! What Bedrock speaks: operations, model ids, exceptions, stream chunks.

pub mod error_document;
pub mod exceptions;
pub mod model_id;
pub mod operation;
pub mod stream;
