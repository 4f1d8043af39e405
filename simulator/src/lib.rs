//! A Bedrock runtime on loopback that behaves as AWS does where a client can tell.
//!
//! One request goes: [`server`] reads it, [`request`] says which service and operation it is for, [`auth`] verifies its
//! signature, [`catalog`] knows its model, [`refuse`] says what Bedrock would not take, [`model`] answers, [`stream`] writes
//! the answer; [`faults`] say what goes wrong on the way, and [`recorder`] remembers what was received.
//! [`answer`](mod@answer) is where these steps stand in their order.
//!
//! A request to a service that hands out credentials goes to [`credentials`] in place of that; what it hands out, [`auth`]
//! accepts. [`questions`] answers what tests ask about the simulator itself.

pub mod answer;
pub mod auth;
pub mod catalog;
pub mod config;
pub mod count;
pub mod credentials;
pub mod errors;
pub mod faults;
pub mod frame;
pub mod message;
pub mod model;
pub mod questions;
pub mod recorder;
pub mod refuse;
pub mod request;
pub mod script;
pub mod server;
pub mod sse;
pub mod stream;

pub use config::{AccessKeys, Config, CredentialConfig};
pub use server::Server;
