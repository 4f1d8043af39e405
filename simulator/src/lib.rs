//! A Bedrock runtime on loopback that behaves as AWS does where a client can tell.
//!
//! One request goes: [`server`] reads it, [`auth`] verifies its signature, [`refuse`] says what Bedrock would not take,
//! [`model`] answers it, [`stream`] frames the answer, and [`faults`] say what goes wrong on the way.

pub mod auth;
pub mod catalog;
pub mod config;
pub mod errors;
pub mod request;

pub use config::{AccessKeys, Config};
