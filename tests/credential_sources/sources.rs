//! Sources, what they ask for, and answers that they can use.

use bedrock_messages::aws::credentials::assume_role::AssumeRole;
use bedrock_messages::aws::credentials::container::Container;
use bedrock_messages::aws::credentials::instance_metadata::InstanceMetadata;
use bedrock_messages::aws::credentials::listener::{Listener, MountedFile};
use bedrock_messages::aws::credentials::oidc::{ClientAuthentication, Oidc};
use bedrock_messages::aws::credentials::sts::{Role, Sts};
use bedrock_messages::aws::credentials::web_identity::{Token, WebIdentity};
use bedrock_messages::aws::credentials::{AccessKey, Credentials, Provider, Secret};

use crate::play::access_key;

pub const TOKEN: &str = "eyJ.s3cr3t.token";
pub const CLIENT_SECRET: &str = "s3cr3t&client/secret+=";
pub const CONTAINER_TOKEN: &str = "Bearer s3cr3t-container";

pub const OIDC_CALL: &str = "POST issuer.example.com/oauth2/token by oidc; accept: application/json; \
    content-type: application/x-www-form-urlencoded | grant_type=client_credentials&client_id=gateway&\
    client_secret=s3cr3t%26client%2Fsecret%2B%3D&scope=sts%20aws&audience=https%3A%2F%2Fsts.amazonaws.com";
pub const TOKEN_CALL: &str = "GET localhost/token by files";
pub const WEB_CALL: &str = "POST sts.us-east-1.amazonaws.com/ by sts; accept: text/xml; \
    content-type: application/x-www-form-urlencoded | Action=AssumeRoleWithWebIdentity&Version=2011-06-15&\
    RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbedrock&RoleSessionName=bedrock-messages&\
    WebIdentityToken=eyJ.s3cr3t.token";
pub const ROLE_CALL: &str = "POST sts.us-east-1.amazonaws.com/ by sts; accept: text/xml; \
    content-type: application/x-www-form-urlencoded; x-amz-date: 20261122T120000Z; \
    authorization: AWS4-HMAC-SHA256 Credential=AKIDSTATIC/20261122/us-east-1/sts/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date | Action=AssumeRole&Version=2011-06-15&\
    RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbedrock&RoleSessionName=bedrock-messages";
pub const CONTAINER_CALL: &str =
    "GET 169.254.170.2/v2/credentials/1 by ecs; accept: application/json; authorization: Bearer s3cr3t-container";
pub const METADATA_TOKEN_CALL: &str =
    "PUT 169.254.169.254/latest/api/token by imds; x-aws-ec2-metadata-token-ttl-seconds: 21600";
pub const ROLES_CALL: &str = "GET 169.254.169.254/latest/meta-data/iam/security-credentials/ by imds; \
    x-aws-ec2-metadata-token: s3cr3t-one";
pub const METADATA_CALL: &str = "GET 169.254.169.254/latest/meta-data/iam/security-credentials/gateway by imds; \
    x-aws-ec2-metadata-token: s3cr3t-one";
pub const FILE_CALL: &str = "GET localhost/credentials by files";

/// STS, in the words of its documentation; the key is [`sts_key`].
pub fn sts_answer(action: &str) -> String {
    format!(
        r#"<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <AssumedRoleUser>
      <AssumedRoleId>AROA:bedrock-messages</AssumedRoleId>
      <Arn>arn:aws:sts::123456789012:assumed-role/bedrock/bedrock-messages</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIASTS</AccessKeyId>
      <SecretAccessKey>s3cr3t/sts+=</SecretAccessKey>
      <SessionToken>s3cr3t//sts==</SessionToken>
      <Expiration>2026-11-22T13:00:00Z</Expiration>
    </Credentials>
  </{action}Result>
  <ResponseMetadata><RequestId>1-2-3</RequestId></ResponseMetadata>
</{action}Response>"#
    )
}

pub fn sts_key() -> AccessKey {
    access_key("ASIASTS", "s3cr3t/sts+=", Some("s3cr3t//sts=="))
}

pub const DOCUMENT: &str = r#"{"Code": "Success", "LastUpdated": "2026-11-22T11:00:00Z", "Type": "AWS-HMAC",
    "AccessKeyId": "ASIADOCUMENT", "SecretAccessKey": "s3cr3t/document", "Token": "s3cr3t==",
    "Expiration": "2026-11-22T13:00:00Z", "AccountId": "123456789012"}"#;

pub fn document_key() -> AccessKey {
    access_key("ASIADOCUMENT", "s3cr3t/document", Some("s3cr3t=="))
}

pub const FILE: &str = "[team]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s3cr3t/file\n";

pub fn sts() -> Sts {
    let text = str::to_owned;
    Sts { cluster: text("sts"), host: text("sts.us-east-1.amazonaws.com"), region: text("us-east-1") }
}

pub fn role() -> Role {
    Role {
        arn: "arn:aws:iam::123456789012:role/bedrock".to_owned(),
        session_name: "bedrock-messages".to_owned(),
        duration_seconds: None,
        policy: None,
    }
}

pub fn oidc() -> Oidc {
    let text = str::to_owned;
    Oidc {
        cluster: text("oidc"),
        host: text("issuer.example.com"),
        path: text("/oauth2/token"),
        client_id: text("gateway"),
        client_secret: Secret::new(CLIENT_SECRET),
        client_authentication: ClientAuthentication::Form,
        scope: Some(text("sts aws")),
        audience: Some(text("https://sts.amazonaws.com")),
    }
}

pub fn listener(path: &str) -> Listener {
    Listener { cluster: "files".to_owned(), path: path.to_owned() }
}

pub fn web_identity(token: Token) -> Provider {
    Provider::WebIdentity(Box::new(WebIdentity { sts: sts(), role: role(), token }))
}

pub fn web_by_value() -> Provider {
    web_identity(Token::Value(Secret::new(TOKEN)))
}

pub fn web_by_oidc() -> Provider {
    web_identity(Token::Oidc(oidc()))
}

/// The client's secret in the header.
pub fn web_by_basic_oidc() -> Provider {
    web_identity(Token::Oidc(Oidc { client_authentication: ClientAuthentication::Basic, ..oidc() }))
}

pub fn web_by_listener(header: Option<&str>) -> Provider {
    web_identity(Token::Listener { listener: listener("/token"), header: header.map(str::to_owned) })
}

pub fn fixed() -> Provider {
    Provider::Fixed("static", Ok(Credentials::AccessKey(access_key("AKIDSTATIC", "s3cr3t/static", None))))
}

pub fn assume_role(source: Provider) -> Provider {
    Provider::AssumeRole(Box::new(AssumeRole { sts: sts(), role: role(), external_id: None, source }))
}

pub fn container(authorization: Option<&str>) -> Provider {
    Provider::Container(Container {
        cluster: "ecs".to_owned(),
        host: "169.254.170.2".to_owned(),
        path: "/v2/credentials/1".to_owned(),
        authorization: authorization.map(Secret::new),
    })
}

pub fn instance_metadata(role: Option<&str>, v1_fallback: bool) -> Provider {
    Provider::InstanceMetadata(InstanceMetadata {
        cluster: "imds".to_owned(),
        host: "169.254.169.254".to_owned(),
        role: role.map(str::to_owned),
        v1_fallback,
    })
}

pub fn mounted_file() -> Provider {
    Provider::MountedFile(MountedFile { listener: listener("/credentials"), profile: "team".to_owned() })
}
