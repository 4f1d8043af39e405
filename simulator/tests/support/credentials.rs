//! A client of the credential services.

use std::time::Duration;

use bedrock_simulator::{AccessKeys, Config, CredentialConfig};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Call, Reply, Simulator};

pub const STS_HOST: &str = "sts.us-east-1.amazonaws.com";
pub const METADATA_HOST: &str = "169.254.169.254";
pub const CONTAINER_HOST: &str = "169.254.170.23";
pub const OIDC_HOST: &str = "oidc.example";
pub const ROLE: &str = "arn:aws:iam::123456789012:role/gateway";
pub const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
pub const DOCUMENT: &str = "/latest/meta-data/iam/security-credentials/gateway-role";

const FORM: &str = "application/x-www-form-urlencoded";

/// A configuration in which all credentials live that long.
pub fn short_lived(seconds: u64) -> Config {
    let session_life = Some(Duration::from_secs(seconds));
    let credentials = CredentialConfig { session_life, ..CredentialConfig::default() };
    Config { token_delay: Duration::ZERO, credentials, ..Config::default() }
}

/// Pairs as a form, the later of two with the same name alone; an empty value takes a pair away.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (index, (name, value)) in pairs.iter().enumerate() {
        if !value.is_empty() && !pairs[index + 1..].iter().any(|(later, _)| later == name) {
            form.append_pair(name, value);
        }
    }
    form.finish()
}

impl Simulator {
    /// Posts a form.
    pub async fn form(&self, host: &str, path: &str, form: String) -> Reply {
        let headers = [("host", host.to_owned()), ("content-type", FORM.to_owned())];
        self.exchange("POST", path, &headers, form.into()).await
    }

    /// A request to STS that nobody signed.
    pub async fn unsigned(&self, pairs: &[(&str, &str)]) -> Reply {
        let pairs: Vec<_> = [("Version", "2011-06-15")].iter().chain(pairs).copied().collect();
        self.form(STS_HOST, "/", form(&pairs)).await
    }

    /// `AssumeRoleWithWebIdentity` with a good token, where these parameters are not other ones.
    pub async fn with_web_identity(&self, pairs: &[(&str, &str)]) -> Reply {
        let token = self.identity_token("").await;
        let usual = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("RoleArn", ROLE),
            ("RoleSessionName", "gateway-1"),
            ("WebIdentityToken", &token),
        ];
        self.unsigned(&[&usual, pairs].concat()).await
    }

    /// Keys from a good token.
    pub async fn web_identity(&self) -> (AccessKeys, Reply) {
        let reply = self.with_web_identity(&[]).await;
        (reply.keys(), reply)
    }

    /// `AssumeRole`, to be signed by the configured keys, where these parameters are not other ones.
    pub fn assume_role(&self, pairs: &[(&str, &str)]) -> Call {
        let usual =
            [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", ROLE), ("RoleSessionName", "gateway-1")];
        Call {
            path: "/".into(),
            body: form(&[&usual, pairs].concat()).into(),
            headers: vec![("host", STS_HOST.into()), ("content-type", FORM.into())],
            service: "sts",
            ..self.call("", "", &Value::Null)
        }
    }

    pub async fn identity_token(&self, query: &str) -> String {
        let reply = self.exchange("POST", &format!("/_simulator/identity-token?{query}"), &[], Bytes::new()).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "text/plain"));
        String::from_utf8(reply.body().to_vec()).unwrap()
    }

    /// A request to IMDS.
    pub async fn metadata(&self, method: &str, path: &str, headers: &[(&'static str, &str)]) -> Reply {
        let host = [("host", METADATA_HOST)];
        let headers: Vec<_> = host.iter().chain(headers).map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.exchange(method, path, &headers, Bytes::new()).await
    }

    pub async fn metadata_token(&self, seconds: u32) -> String {
        let ttl = seconds.to_string();
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl.as_str())];
        let reply = self.metadata("PUT", "/latest/api/token", &headers).await;
        assert_eq!(reply.status, 200);
        String::from_utf8(reply.body().to_vec()).unwrap()
    }

    /// A request to the endpoint for containers.
    pub async fn container(&self, path: &str, token: Option<&str>) -> Reply {
        let host = [("host", CONTAINER_HOST.to_owned())];
        let token = token.map(|token| ("authorization", token.to_owned()));
        let headers: Vec<_> = host.into_iter().chain(token).collect();
        self.exchange("GET", path, &headers, Bytes::new()).await
    }

    /// A request for an OIDC token, where these parameters are not other ones.
    pub async fn client_credentials(&self, pairs: &[(&str, &str)]) -> Reply {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", CredentialConfig::OIDC_CLIENT_ID),
            ("client_secret", CredentialConfig::OIDC_CLIENT_SECRET),
        ];
        self.form(OIDC_HOST, "/oauth2/token", form(&[&usual, pairs].concat())).await
    }

    /// Orders a fault.
    pub async fn switch(&self, order: Value) {
        let reply = self.order(&order.to_string()).await;
        assert_eq!(reply.status, 204, "{order}");
    }

    pub async fn order(&self, order: &str) -> Reply {
        self.exchange("POST", "/_simulator/credentials/fault", &[], order.to_owned().into()).await
    }

    pub async fn reset(&self) {
        assert_eq!(self.exchange("POST", "/_simulator/reset", &[], Bytes::new()).await.status, 204);
    }

    /// A call of Bedrock that these keys sign.
    pub fn call_with(&self, keys: &AccessKeys) -> Call {
        let mut call = self.call(super::MODEL, "invoke", &super::ask("hi"));
        call.config.keys = keys.clone();
        call
    }
}

impl Reply {
    /// The text of an element, or of a member.
    pub fn text(&self, name: &str) -> String {
        let body = String::from_utf8(self.body().to_vec()).unwrap();
        if let Ok(document) = serde_json::from_str::<Value>(&body) {
            return document[name].as_str().unwrap_or_default().to_owned();
        }
        let text = body.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
        text.map_or_else(String::new, |(text, _)| quick_xml::escape::unescape(text).unwrap().into_owned())
    }

    /// The keys in an answer of STS, or of the others.
    pub fn keys(&self) -> AccessKeys {
        assert_eq!(self.status, 200, "{:?}", self.body());
        let token = [self.text("SessionToken"), self.text("Token")].concat();
        AccessKeys {
            access_key_id: self.text("AccessKeyId"),
            secret_access_key: self.text("SecretAccessKey"),
            session_token: Some(token),
        }
    }

    /// Status, code and message of an error of STS.
    pub fn sts_error(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "text/xml");
        let body = self.body();
        let beginning = b"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>";
        assert!(body.starts_with(beginning), "{body:?}");
        assert_eq!(self.text("Type"), if self.status < 500 { "Sender" } else { "Receiver" });
        assert_eq!(self.text("RequestId"), self.header("x-amzn-requestid"));
        (self.status, self.text("Code"), self.text("Message"))
    }
}

/// An order for a fault without more to it.
pub fn fault(service: &str, word: &str) -> Value {
    json!({ "service": service, "fault": word })
}
