//! Every source of credentials against every answer that it may get: what it asks for, what it makes of the answers, and
//! that no secret is in what it says of them.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod any_answer;
mod assume_role;
mod chain;
mod container;
mod instance_metadata;
mod mounted_file;
mod play;
mod secrets;
mod sources;
mod sts;
mod web_identity;
