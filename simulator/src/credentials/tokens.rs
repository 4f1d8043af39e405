//! JSON Web Tokens: minted here, and checked when they come back. The key is the process's own.

use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::counts::millis;

/// Who mints.
pub const ISSUER: &str = "https://oidc.simulator.example";

/// The audience that STS and kubelet agree on.
pub const STS_AUDIENCE: &str = "sts.amazonaws.com";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who minted it.
    pub iss: String,
    /// Whom it is about.
    pub sub: String,
    /// Whom it is for.
    pub aud: Vec<String>,
    /// When it ends, in Unix seconds.
    pub exp: i64,
    /// When it was minted.
    pub iat: i64,
    /// From when on it is good.
    pub nbf: i64,
    /// Its own name.
    pub jti: String,
    /// The rest.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is no JWT.
    Malformed,
    /// Somebody else minted it.
    Foreign(String),
    /// The signature is not the one it should have.
    Signature,
    /// It has ended.
    Expired {
        /// What time it is.
        now: i64,
        /// When it ended.
        exp: i64,
    },
}

/// Mints and checks.
#[derive(Debug)]
pub struct Tokens {
    signs: EncodingKey,
    checks: DecodingKey,
}

impl Default for Tokens {
    fn default() -> Self {
        let key: [u8; 32] = rand::random();
        Self { signs: EncodingKey::from_secret(&key), checks: DecodingKey::from_secret(&key) }
    }
}

impl Tokens {
    /// A token about a subject for an audience, with other claims. `seconds` below 1 make one that has ended.
    pub fn mint(
        &self,
        subject: &str,
        audience: &str,
        seconds: i64,
        more: Map<String, Value>,
        now: SystemTime,
    ) -> String {
        let iat = unix_seconds(now);
        let claims = Claims {
            iss: ISSUER.into(),
            sub: subject.into(),
            aud: vec![audience.into()],
            exp: iat.saturating_add(seconds),
            iat,
            nbf: iat,
            jti: hex::encode(rand::random::<[u8; 16]>()),
            more,
        };
        let header = Header { kid: Some("simulator".into()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &self.signs).unwrap_or_default()
    }

    /// A token as kubelet mounts it for a service account, `system:serviceaccount:{namespace}:{name}`.
    pub fn mint_for_pod(&self, subject: &str, audience: &str, seconds: i64, now: SystemTime) -> String {
        let mut more = Map::new();
        let account = subject.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
        if let Some((namespace, name)) = account {
            more.insert("kubernetes.io".into(), json!({ "namespace": namespace, "serviceaccount": { "name": name } }));
        }
        self.mint(subject, audience, seconds, more, now)
    }

    /// What a token says, when it is one of ours and has not ended.
    pub fn check(&self, token: &str, now: SystemTime) -> Result<Claims, Flaw> {
        // Times are ours to check: AWS says both of them.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = match jsonwebtoken::decode::<Claims>(token, &self.checks, &validation) {
            Ok(token) => token.claims,
            Err(error) => return Err(flaw(token, error.kind())),
        };
        let now = unix_seconds(now);
        if claims.exp <= now {
            return Err(Flaw::Expired { now, exp: claims.exp });
        }
        Ok(claims)
    }
}

fn flaw(token: &str, error: &ErrorKind) -> Flaw {
    let Ok(read) = jsonwebtoken::dangerous::insecure_decode_claims::<Value>(token) else {
        return Flaw::Malformed;
    };
    match (read.get("iss").and_then(Value::as_str), error) {
        (Some(issuer), _) if issuer != ISSUER => Flaw::Foreign(issuer.into()),
        (_, ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm) => Flaw::Signature,
        _ => Flaw::Malformed,
    }
}

fn unix_seconds(time: SystemTime) -> i64 {
    i64::try_from(Duration::from_millis(millis(time)).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_good_token() {
        let (tokens, others) = (Tokens::default(), Tokens::default());
        let now = SystemTime::now();
        let good = tokens.mint_for_pod("system:serviceaccount:default:gateway", STS_AUDIENCE, 60, now);
        let claims = tokens.check(&good, now).expect("a good token");
        assert_eq!((claims.iss.as_str(), claims.aud), (ISSUER, vec![STS_AUDIENCE.to_owned()]));
        assert_eq!(claims.more["kubernetes.io"]["serviceaccount"]["name"], "gateway");

        let seconds = unix_seconds(now);
        let expired = Flaw::Expired { now: seconds + 60, exp: seconds + 60 };
        assert_eq!(tokens.check(&good, now + Duration::from_secs(60)).expect_err("expired"), expired);
        assert_eq!(others.check(&good, now).expect_err("another key"), Flaw::Signature);
        let foreign = {
            let claims = json!({ "iss": "https://elsewhere.example", "sub": "a" });
            jsonwebtoken::encode(&Header::default(), &claims, &tokens.signs).expect("a token")
        };
        assert_eq!(
            tokens.check(&foreign, now).expect_err("foreign"),
            Flaw::Foreign("https://elsewhere.example".into())
        );
        for malformed in ["", "text", "a.b.c", "e30.e30.e30"] {
            assert_eq!(tokens.check(malformed, now).expect_err(malformed), Flaw::Malformed);
        }
    }
}
