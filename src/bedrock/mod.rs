//! What Bedrock speaks: operations, models, its own headers, exceptions, stream chunks.

pub mod betas;
pub mod catalogue;
pub mod error_document;
pub mod exceptions;
pub mod fields;
pub mod knobs;
pub mod model_id;
pub mod operation;
pub mod profile;
pub mod stream;
