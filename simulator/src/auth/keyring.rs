//! Whose signature is known: the permanent keys, and those that a credential service issued.

use std::time::SystemTime;

use crate::config::{AccessKeys, Config};
use crate::credentials::{ACCOUNT, Issued};

/// All keys that may sign.
#[derive(Clone, Copy, Debug)]
pub struct Keyring<'a> {
    /// Has the permanent keys.
    pub config: &'a Config,
    /// The others.
    pub issued: &'a Issued,
}

/// Keys that may sign, and whose they are.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The keys; a session token among them must come with each request.
    pub keys: AccessKeys,
    /// The ARN of the user or the session.
    pub arn: String,
    /// When they cease to be good; permanent keys never do.
    pub expires_at: Option<SystemTime>,
}

impl Keyring<'_> {
    /// The keys of that id, expired ones too as long as they are remembered.
    pub fn find(&self, access_key_id: &str) -> Option<Signer> {
        let keys = &self.config.keys;
        if access_key_id == keys.access_key_id {
            let arn = format!("arn:aws:iam::{ACCOUNT}:user/gateway");
            return Some(Signer { keys: keys.clone(), arn, expires_at: None });
        }
        let session = self.issued.find(access_key_id)?;
        Some(Signer { keys: session.keys, arn: session.arn, expires_at: Some(session.expires_at) })
    }
}
