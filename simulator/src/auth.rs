//! Who may call: SigV4, recomputed, or the Bedrock API key.

mod sigv4;

use std::time::SystemTime;

use crate::config::Config;
use crate::errors::Refusal;
use crate::request::Received;

/// What the log says of an accepted request, or the refusal.
pub fn check(request: &Received, config: &Config, now: SystemTime) -> Result<String, Refusal> {
    let Some(authorization) = request.header("authorization") else {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    match authorization.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => {
            if key.trim() == config.api_key {
                Ok("API key accepted".into())
            } else {
                Err(Refusal::new(
                    "AccessDeniedException",
                    "Authentication failed: Please make sure your API Key is valid.",
                ))
            }
        }
        _ => sigv4::verify(request, authorization, config, now),
    }
}
