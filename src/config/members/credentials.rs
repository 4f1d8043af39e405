//! `credentials`, as it is written.

use serde::Deserialize;

use crate::aws::credentials::oidc::ClientAuthentication;
use crate::config::credential_values::{
    Authority, Cluster, ExternalId, Key, Policy, Profile, RequestPath, RoleArn, RoleName, SessionName, Variable,
    WebToken, Words,
};
use crate::config::values::{Checked, HeaderName, HeaderValue, Host, Number};

/// Where the credentials come from that requests are signed with.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Credentials", tag = "type"))]
#[allow(clippy::large_enum_variant, reason = "read once, and turned into something else at once")]
#[serde(rename = "by type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(in crate::config) enum Credentials {
    /// The filter's environment variables: `AWS_BEARER_TOKEN_BEDROCK`, else `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY`, for temporary ones with `AWS_SESSION_TOKEN`. Below `assumeRole` the access keys alone.
    Environment {},
    /// An access key in the configuration itself.
    Static {
        /// `AKIA…`, or `ASIA…` with a session token.
        access_key_id: Checked<Key>,
        /// The key that signs.
        secret_access_key: Checked<Key>,
        /// For temporary access keys.
        session_token: Option<Checked<Key>>,
    },
    /// The text of an AWS credentials file: exactly one of `content`, `environmentVariable` and `listener`.
    #[serde(rename = "credentialsFile")]
    File {
        /// The text itself.
        content: Option<String>,
        /// The environment variable of the filter that holds the text.
        environment_variable: Option<Checked<Variable>>,
        /// The listener of the same Envoy that hands out the mounted file; it is asked again every minute.
        listener: Option<Listener>,
        /// The section that is read.
        #[serde(default)]
        profile: Checked<Profile>,
    },
    /// A Bedrock API key, sent as a bearer token in place of a signature.
    ApiKey {
        /// The key.
        value: Checked<Key>,
    },
    /// A role by STS AssumeRoleWithWebIdentity.
    WebIdentity {
        /// The role's ARN.
        #[cfg_attr(feature = "schema", schemars(example = "arn:aws:iam::123456789012:role/bedrock"))]
        role_arn: Checked<RoleArn>,
        /// Name of the session, which CloudTrail shows.
        #[serde(default)]
        session_name: Checked<SessionName>,
        /// Life of the credentials, in seconds; without it STS decides: an hour.
        duration_seconds: Option<Number<900, 43_200>>,
        /// JSON text of a policy that limits the session.
        policy: Option<Checked<Policy>>,
        /// Where STS is.
        #[cfg_attr(feature = "schema", schemars(example = serde_json::json!({ "cluster": "sts" })))]
        sts: Sts,
        /// Where the token comes from: exactly one of its members.
        #[cfg_attr(feature = "schema", schemars(example = serde_json::json!({ "value": "eyJ.EXAMPLE" })))]
        token: Token,
    },
    /// A role by STS AssumeRole, signed with the credentials of another source.
    AssumeRole {
        /// The role's ARN.
        #[cfg_attr(feature = "schema", schemars(example = "arn:aws:iam::123456789012:role/bedrock"))]
        role_arn: Checked<RoleArn>,
        /// Name of the session, which CloudTrail shows.
        #[serde(default)]
        session_name: Checked<SessionName>,
        /// What the role's trust policy asks for.
        external_id: Option<Checked<ExternalId>>,
        /// Life of the credentials, in seconds; without it STS decides: an hour, which is the most where the source is
        /// `webIdentity` or `assumeRole`.
        duration_seconds: Option<Number<900, 43_200>>,
        /// JSON text of a policy that limits the session.
        policy: Option<Checked<Policy>>,
        /// Where STS is.
        #[cfg_attr(feature = "schema", schemars(example = serde_json::json!({ "cluster": "sts" })))]
        sts: Sts,
        /// Whose credentials sign.
        #[cfg_attr(feature = "schema", schemars(example = serde_json::json!({ "type": "environment" })))]
        source: Box<Credentials>,
    },
    /// The role of a container: ECS, EKS Pod Identity.
    Container {
        /// Envoy's cluster for the endpoint.
        cluster: Checked<Cluster>,
        /// Path of the endpoint.
        ///
        /// Default: of the environment variables `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, then
        /// `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
        path: Option<Checked<RequestPath>>,
        /// Host of the endpoint; without it that of the variable's URI, else `169.254.170.2`.
        host: Option<Checked<Authority>>,
        /// Value of the header `authorization`; without it the environment variable `AWS_CONTAINER_AUTHORIZATION_TOKEN`, and
        /// without that none is sent.
        authorization: Option<Checked<HeaderValue>>,
    },
    /// The role of an EC2 instance, by IMDSv2.
    InstanceMetadata {
        /// Envoy's cluster for the service.
        cluster: Checked<Cluster>,
        /// The role; without it the service is asked.
        role: Option<Checked<RoleName>>,
        /// Host of the service; `169.254.169.254` without it.
        host: Option<Checked<Authority>>,
        /// Whether version 1, which asks for no token, will do where there is no version 2.
        #[serde(default)]
        v1_fallback: bool,
    },
    /// The first source that has credentials.
    Chain {
        /// The sources, the one to ask first in front.
        #[cfg_attr(
            feature = "schema",
            schemars(length(min = 1), example = serde_json::json!([{ "type": "environment" }]))
        )]
        providers: Vec<Credentials>,
    },
    /// None: another filter signs, behind this one or in the chain of the cluster.
    External {},
}

/// Where STS is.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::config) struct Sts {
    /// Envoy's cluster.
    pub cluster: Checked<Cluster>,
    /// Its host; without it that of the region.
    pub host: Option<Checked<Host>>,
}

/// Where a token comes from: exactly one of the members.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::config) struct Token {
    /// The token itself: 4 to 20000 characters.
    pub value: Option<Checked<WebToken>>,
    /// An OpenID provider, by the client credentials grant.
    pub oidc: Option<Oidc>,
    /// The listener of the same Envoy that hands out the mounted file.
    pub listener: Option<TokenListener>,
}

/// An OpenID provider's token endpoint; `id_token` of its answer is used, without one `access_token`.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::config) struct Oidc {
    /// Envoy's cluster.
    pub cluster: Checked<Cluster>,
    /// The provider's host.
    pub host: Checked<Authority>,
    /// Path of its token endpoint.
    #[cfg_attr(feature = "schema", schemars(example = "/oauth2/token"))]
    pub path: Checked<RequestPath>,
    /// The client.
    pub client_id: Checked<Words>,
    /// The client's secret.
    pub client_secret: Checked<Words>,
    /// How the client shows its secret.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// Scopes, with spaces between.
    pub scope: Option<Checked<Words>>,
    /// For whom the token is to be.
    pub audience: Option<Checked<Words>>,
}

/// A listener of the same Envoy that hands out a mounted file.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::config) struct Listener {
    /// Envoy's cluster with the listener's address.
    pub cluster: Checked<Cluster>,
    /// Path of the file's route.
    #[cfg_attr(feature = "schema", schemars(example = "/credentials"))]
    pub path: Checked<RequestPath>,
}

/// A listener of the same Envoy that hands out a mounted token.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::config) struct TokenListener {
    /// Envoy's cluster with the listener's address.
    pub cluster: Checked<Cluster>,
    /// Path of the token's route.
    #[cfg_attr(feature = "schema", schemars(example = "/token"))]
    pub path: Checked<RequestPath>,
    /// Response header that has the token; without it the body is the token.
    pub header: Option<Checked<HeaderName>>,
}
