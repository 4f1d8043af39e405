//! Bedrock Messages: native Anthropic requests to AWS Bedrock and back, as a Proxy-Wasm filter.
//!
//! `exchange` tells the whole story of a request; everything but `host` is plain functions over bytes.

pub mod anthropic;
pub mod aws;
pub mod bedrock;
pub mod by_name;
pub mod config;
pub mod deadline;
pub mod exchange;
pub mod json;

#[cfg(target_arch = "wasm32")]
mod host;
