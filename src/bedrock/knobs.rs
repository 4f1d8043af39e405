//! What Bedrock takes in the request headers that are its own (botocore `bedrock-runtime/2023-09-30/service-2.json`).
//!
//! Each check says what was expected and nothing of what was there.

/// `x-amzn-bedrock-guardrailidentifier`: an id or an ARN.
pub fn check_guardrail_identifier(text: &str) -> Result<(), &'static str> {
    let plain = (1..=2048).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    expect(plain, "expected the id or the ARN of a guardrail")
}

/// `x-amzn-bedrock-guardrailversion`.
pub fn check_guardrail_version(text: &str) -> Result<(), &'static str> {
    let number = (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    expect(text == "DRAFT" || (number && !text.starts_with('0')), "expected a version such as 1, or DRAFT")
}

/// `x-amzn-bedrock-trace`.
pub fn check_trace(text: &str) -> Result<(), &'static str> {
    expect(["ENABLED", "DISABLED", "ENABLED_FULL"].contains(&text), "expected one of ENABLED, DISABLED, ENABLED_FULL")
}

/// `x-amzn-bedrock-service-tier`.
pub fn check_service_tier(text: &str) -> Result<(), &'static str> {
    expect(
        ["priority", "default", "flex", "reserved"].contains(&text),
        "expected one of priority, default, flex, reserved",
    )
}

/// `x-amzn-bedrock-performanceconfig-latency`.
pub fn check_latency(text: &str) -> Result<(), &'static str> {
    expect(["standard", "optimized"].contains(&text), "expected one of standard, optimized")
}

/// A key of `x-amzn-bedrock-request-metadata`.
pub fn check_metadata_key(text: &str) -> Result<(), &'static str> {
    expect(!text.is_empty() && is_metadata(text), "expected a key of printable ASCII, 1 to 256 characters")
}

/// A value of `x-amzn-bedrock-request-metadata`.
pub fn check_metadata_value(text: &str) -> Result<(), &'static str> {
    expect(is_metadata(text), "expected a text of printable ASCII, 256 characters at most")
}

/// Sixteen pairs of this length stay within the 8,500 characters of the header.
fn is_metadata(text: &str) -> bool {
    text.len() <= 256 && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn expect(holds: bool, expected: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(expected) }
}
