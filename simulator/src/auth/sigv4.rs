//! Verification of a SigV4 signature by AWS's own signer.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::keyring::{Keyring, Signer};
use crate::config::AccessKeys;
use crate::errors::Refusal;
use crate::request::Received;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// How far a signature's time may be from the server's.
const SKEW: Duration = Duration::from_secs(5 * 60);

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const BAD_TOKEN: &str = "The security token included in the request is invalid.";

const EXPIRED_TOKEN: &str = "The security token included in the request is expired";

/// What a signature by keys that have expired is refused as.
pub const EXPIRED: &str = "ExpiredTokenException";

/// What a signature has to be scoped to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The service's signing name.
    pub service: &'a str,
    /// The region.
    pub region: &'a str,
}

/// A signature that was found right.
#[derive(Debug)]
pub struct Verified {
    /// The line for the log.
    pub log: String,
    /// Who signed.
    pub signer: Signer,
}

/// Checks the signature in `authorization` for a service.
pub fn verify(
    request: &Received,
    target: Target<'_>,
    authorization: &str,
    keyring: &Keyring<'_>,
    now: SystemTime,
) -> Result<Verified, Refusal> {
    let claim = Claim::parse(authorization, request.header("x-amz-date"))?;
    let scope = Scope::parse(claim.credential)?;
    scope.check(target, claim.timestamp)?;
    let signed_at = parse_time(claim.timestamp)?;
    check_clock(signed_at, now)?;
    let unknown = || Refusal::new("UnrecognizedClientException", BAD_TOKEN);
    let signer = keyring.find(scope.access_key_id).ok_or_else(unknown)?;
    check_token(request, &signer.keys)?;
    if signer.expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::new(EXPIRED, EXPIRED_TOKEN));
    }
    check_signed_headers(request, &claim)?;
    let expected = signature(request, &claim, &scope, &signer.keys, signed_at)?;
    if !equal(expected.as_bytes(), claim.signature.as_bytes()) {
        return Err(Refusal::new("InvalidSignatureException", MISMATCH));
    }
    let Scope { access_key_id, date, region, service, .. } = scope;
    Ok(Verified { log: format!("SigV4 verified {access_key_id} {date}/{region}/{service}"), signer })
}

/// The parts of the `Authorization` header, and the time that goes with it.
struct Claim<'a> {
    credential: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
    timestamp: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(authorization: &'a str, timestamp: Option<&'a str>) -> Result<Self, Refusal> {
        let (algorithm, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if algorithm != ALGORITHM {
            return Err(incomplete(format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header {}.",
                hashed(authorization)
            )));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {
                    return Err(incomplete(format!(
                        "Invalid key=value pair (missing equal-sign) in Authorization header {}.",
                        hashed(authorization)
                    )));
                }
            }
        }
        match (credential, signature, signed_headers, timestamp) {
            (Some(credential), Some(signature), Some(signed_headers), Some(timestamp)) => {
                Ok(Self { credential, signed_headers: signed_headers.split(';').collect(), signature, timestamp })
            }
            _ => {
                let mut message = String::new();
                for (name, part) in
                    [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)]
                {
                    if part.is_none() {
                        message.push_str(&format!("Authorization header requires '{name}' parameter. "));
                    }
                }
                if timestamp.is_none() {
                    message.push_str(
                        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
                    );
                }
                Err(incomplete(message + &hashed(authorization)))
            }
        }
    }

    fn signs(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed.eq_ignore_ascii_case(name))
    }
}

/// `Credential=`: the key id and what the signature is good for.
struct Scope<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    terminator: &'a str,
}

impl<'a> Scope<'a> {
    fn parse(credential: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, terminator] = parts[..] else {
            return Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
                 '{credential}'."
            )));
        };
        Ok(Self { access_key_id, date, region, service, terminator })
    }

    fn check(&self, target: Target<'_>, timestamp: &str) -> Result<(), Refusal> {
        let wrong = |message: String| Err(Refusal::new("InvalidSignatureException", message));
        let day = timestamp.split('T').next().unwrap_or_default();
        if self.terminator != TERMINATOR {
            return wrong(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                self.terminator
            ));
        }
        if self.region != target.region {
            return wrong("Credential should be scoped to a valid region.".into());
        }
        if self.service != target.service {
            return wrong(format!("Credential should be scoped to correct service: '{}'.", target.service));
        }
        if self.date != day {
            return wrong(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{day}', from '{timestamp}'.",
                self.date
            ));
        }
        Ok(())
    }
}

fn parse_time(timestamp: &str) -> Result<SystemTime, Refusal> {
    PrimitiveDateTime::parse(timestamp, TIMESTAMP).map(|time| time.assume_utc().into()).map_err(|_| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

fn check_clock(signed_at: SystemTime, now: SystemTime) -> Result<(), Refusal> {
    let wrong = |message: String| Err(Refusal::new("InvalidSignatureException", message));
    if signed_at < now - SKEW {
        return wrong(format!(
            "Signature expired: {} is now earlier than {} ({} - 5 min.)",
            show(signed_at),
            show(now - SKEW),
            show(now)
        ));
    }
    if signed_at > now + SKEW {
        return wrong(format!(
            "Signature not yet current: {} is still later than {} ({} + 5 min.)",
            show(signed_at),
            show(now + SKEW),
            show(now)
        ));
    }
    Ok(())
}

fn check_token(request: &Received, keys: &AccessKeys) -> Result<(), Refusal> {
    if request.header("x-amz-security-token") == keys.session_token.as_deref() {
        Ok(())
    } else {
        Err(Refusal::new("UnrecognizedClientException", BAD_TOKEN))
    }
}

fn check_signed_headers(request: &Received, claim: &Claim<'_>) -> Result<(), Refusal> {
    if !claim.signs("host") {
        return Err(Refusal::new(
            "InvalidSignatureException",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ));
    }
    let token = request.headers.contains_key("x-amz-security-token").then_some("x-amz-security-token");
    match ["x-amz-date"].into_iter().chain(token).find(|name| !claim.signs(name)) {
        Some(name) => Err(Refusal::new(
            "InvalidSignatureException",
            format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."),
        )),
        None => Ok(()),
    }
}

/// The signature that the request should carry, over the headers its sender says it signed.
fn signature(
    request: &Received,
    claim: &Claim<'_>,
    scope: &Scope<'_>,
    keys: &AccessKeys,
    signed_at: SystemTime,
) -> Result<String, Refusal> {
    let mismatch = || Refusal::new("InvalidSignatureException", MISMATCH);
    let mut headers = vec![("host", request.host.as_str())];
    for name in claim.signed_headers.iter().copied().filter(|name| *name != "host" && *name != "x-amz-date") {
        let mut values = request.headers.get_all(name).iter().peekable();
        values.peek().ok_or_else(mismatch)?;
        for value in values {
            headers.push((name, value.to_str().map_err(|_| mismatch())?));
        }
    }

    // The token is one of the signed headers here, so the signer must not add it by itself.
    let identity = Credentials::from_keys(&keys.access_key_id, &keys.secret_access_key, None).into();
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(signed_at)
        .settings(settings)
        .build()
        .map_err(|_| mismatch())?
        .into();
    let signable = SignableRequest::new(
        request.method.as_str(),
        format!("http://signed.invalid{}", request.target),
        headers.into_iter(),
        SignableBody::Precomputed(request.sha256.clone()),
    )
    .map_err(|_| mismatch())?;
    let (_, signature) = sign(signable, &params).map_err(|_| mismatch())?.into_parts();
    Ok(signature)
}

/// Equality that takes as long wherever the first difference is.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

fn incomplete(message: String) -> Refusal {
    Refusal::new("IncompleteSignatureException", message)
}

/// How AWS shows a header that it cannot read: never the header itself.
fn hashed(authorization: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(authorization));
    format!("(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
}

fn show(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(TIMESTAMP).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::credentials::Issued;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    const BODY: &str =
        r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}"#;

    fn request(path: &str, headers: &[(&'static str, &'static str)]) -> Received {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Received {
            method: Method::POST,
            target: path.into(),
            host: "bedrock-runtime.us-east-1.amazonaws.com".into(),
            headers: map,
            body: Bytes::from_static(BODY.as_bytes()),
            sha256: hex::encode(Sha256::digest(BODY)),
        }
    }

    fn outcome(request: &Received, token: Option<&str>, signed: &str, signature: &str) -> Result<String, Refusal> {
        let mut config = Config::default();
        config.keys.session_token = token.map(Into::into);
        let authorization = format!(
            "{ALGORITHM} Credential=AKIDEXAMPLE/20261122/us-east-1/bedrock/aws4_request, SignedHeaders={signed}, \
             Signature={signature}"
        );
        let now = parse_time("20261122T120100Z").expect("a time");
        let target = Target { service: "bedrock", region: "us-east-1" };
        let keyring = Keyring { config: &config, issued: &Issued::default() };
        verify(request, target, &authorization, &keyring, now).map(|verified| verified.log)
    }

    /// Signatures that botocore made.
    #[test]
    fn botocore_vectors() {
        let plain = [("content-type", "application/json"), ("x-amz-date", "20261122T120000Z")];
        for (path, signature) in [
            (
                "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
                "919c83c7c7766583535244e3438ecfa70b8e0d75a6ea4546ad96aa5b91b1df3c",
            ),
            (
                "/model/anthropic.claude-haiku-4-5-20251001-v1:0/invoke",
                "21ae9fb309715a69c589f59aca2e86f525bcd880aa44b79e6fe9fb990cd759b6",
            ),
            (
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabcdef123456/invoke-with-response-stream",
                "55e9453d00b82f36b19d3626a2603a34efe51d948750a9cf0b7e6ab16b3d0d76",
            ),
        ] {
            let verified = outcome(&request(path, &plain), None, "content-type;host;x-amz-date", signature);
            assert_eq!(verified, Ok("SigV4 verified AKIDEXAMPLE 20261122/us-east-1/bedrock".into()));
        }
    }

    #[test]
    fn botocore_vector_with_token_and_guardrail() {
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-amz-date", "20261122T120000Z"),
            ("x-amz-security-token", "TOKENEXAMPLE/+="),
            ("x-amzn-bedrock-guardrailidentifier", "gr123"),
            ("x-amzn-bedrock-guardrailversion", "DRAFT"),
        ];
        let request = request("/model/us.anthropic.claude-sonnet-4-6/invoke", &headers);
        let signed = "accept;content-type;host;x-amz-date;x-amz-security-token;x-amzn-bedrock-guardrailidentifier;\
                      x-amzn-bedrock-guardrailversion";
        let signature = "803e153709fef58cdcad0cfd8ca84b9e8ba9af260f79b99a02e6e66b9e10db86";
        assert!(outcome(&request, Some("TOKENEXAMPLE/+="), signed, signature).is_ok());
        let other = outcome(&request, Some("ANOTHER"), signed, signature).expect_err("token");
        assert_eq!((other.name, other.message.as_str()), ("UnrecognizedClientException", BAD_TOKEN));
        let absent = outcome(&request, None, signed, signature).expect_err("a token nobody configured");
        assert_eq!(absent.name, "UnrecognizedClientException");
    }

    #[test]
    fn the_clock_is_checked_to_the_second() {
        let now = parse_time("20261122T120000Z").expect("a time");
        assert!(check_clock(now - SKEW, now).is_ok());
        assert!(check_clock(now + SKEW, now).is_ok());
        assert_eq!(
            check_clock(now - SKEW - Duration::from_secs(1), now).expect_err("old").message,
            "Signature expired: 20261122T115459Z is now earlier than 20261122T115500Z (20261122T120000Z - 5 min.)"
        );
        assert_eq!(
            check_clock(now + SKEW + Duration::from_secs(1), now).expect_err("new").message,
            "Signature not yet current: 20261122T120501Z is still later than 20261122T120500Z (20261122T120000Z + 5 min.)"
        );
    }
}
