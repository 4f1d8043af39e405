//! Who may call: SigV4, recomputed, or the Bedrock API key.

mod keyring;
pub mod sigv4;

use std::time::SystemTime;

use crate::config::Config;
use crate::errors::Refusal;
use crate::request::{Received, Route, Service};

pub use keyring::{Keyring, Signer};

/// What the log says of an accepted request, or the refusal.
pub fn check(
    request: &Received,
    service: Service,
    route: &Route<'_>,
    keyring: &Keyring<'_>,
    now: SystemTime,
) -> Result<String, Refusal> {
    let config = keyring.config;
    let native = !matches!(route, Route::Model(..));
    if let Some(key) = request.header("x-api-key").filter(|_| native) {
        return check_key(key, config);
    }
    let Some(authorization) = request.header("authorization") else {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    match authorization.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => check_key(key, config),
        _ => check_signature(request, service, authorization, keyring, now),
    }
}

/// Besides checking it counts what was done with issued keys.
fn check_signature(
    request: &Received,
    service: Service,
    authorization: &str,
    keyring: &Keyring<'_>,
    now: SystemTime,
) -> Result<String, Refusal> {
    let target = sigv4::Target { service: service.signing_name(), region: &keyring.config.region };
    let verified = sigv4::verify(request, target, authorization, keyring, now);
    match &verified {
        Ok(verified) => keyring.issued.used(&verified.signer.keys.access_key_id),
        Err(refusal) if refusal.name == sigv4::EXPIRED => keyring.issued.used_expired(),
        Err(_) => {}
    }
    verified.map(|verified| verified.log)
}

fn check_key(key: &str, config: &Config) -> Result<String, Refusal> {
    if key.trim() == config.api_key {
        return Ok("API key accepted".into());
    }
    Err(Refusal::new("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid."))
}
