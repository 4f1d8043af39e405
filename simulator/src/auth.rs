//! Who may call: SigV4, recomputed, or the Bedrock API key.

mod sigv4;

use std::time::SystemTime;

use crate::config::Config;
use crate::errors::Refusal;
use crate::request::{Received, Route, Service};

/// What the log says of an accepted request, or the refusal.
pub fn check(
    request: &Received,
    service: Service,
    route: &Route<'_>,
    config: &Config,
    now: SystemTime,
) -> Result<String, Refusal> {
    let native = !matches!(route, Route::Model(..));
    if let Some(key) = request.header("x-api-key").filter(|_| native) {
        return check_key(key, config);
    }
    let Some(authorization) = request.header("authorization") else {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    match authorization.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => check_key(key, config),
        _ => sigv4::verify(request, service.signing_name(), authorization, config, now),
    }
}

fn check_key(key: &str, config: &Config) -> Result<String, Refusal> {
    if key.trim() == config.api_key {
        return Ok("API key accepted".into());
    }
    Err(Refusal::new("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid."))
}
