//! How a request leaves: all of its headers, with the authorization over them.

use super::access::{self, Access};
use super::headers::HeaderMap;
use super::reply::Reply;
use crate::aws::credentials::Credentials;
use crate::aws::sigv4::{SignableRequest, Signer};
use crate::bedrock::operation::Operation;
use crate::config::Config;
use crate::json::{Coding, Edit, Edited};

/// How the request leaves.
#[derive(Debug)]
pub struct Outgoing {
    /// All of its headers.
    pub headers: HeaderMap,
    /// Changes to its body.
    pub edits: Vec<Edit>,
    /// How the changed body is sent.
    pub coding: Coding,
    /// For the operator.
    pub notes: Notes,
}

/// What the operator is told of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    /// The model as the client names it.
    pub request_model: String,
    /// What AWS is asked for.
    pub model_id: String,
    /// How it is asked.
    pub operation: Operation,
    /// Names of the members that Bedrock does not take: they were taken out, or only found (`fields.mode`).
    pub stripped: Vec<String>,
}

/// One signer for each service that is called (its name in the credential scope).
#[derive(Debug)]
pub struct Signers {
    bedrock: Signer,
    mantle: Signer,
}

impl Signers {
    /// For a region.
    pub fn new(region: &str) -> Self {
        Self { bedrock: Signer::new(region, "bedrock"), mantle: Signer::new(region, "bedrock-mantle") }
    }
}

/// What is called.
pub struct Call<'a> {
    pub operation: Operation,
    /// On mantle, and not on the runtime.
    pub mantle: bool,
    pub model_id: &'a str,
    /// Headers of this operation's own; those of AWS are signed.
    pub headers: HeaderMap,
}

/// The whole header map of the request: what is carried of the client's, what the operation needs, and the authorization
/// over it.
pub fn headers(
    config: &Config,
    mut map: HeaderMap,
    call: Call<'_>,
    edited: &Edited,
    access: Access<'_>,
    signers: &mut Signers,
    unix_seconds: u64,
) -> Result<HeaderMap, Reply> {
    let content_type = "application/json";
    let Call { operation, mantle, model_id, mut headers } = call;
    let host = if mantle { &config.mantle_host } else { &config.host };
    let path = operation.path(model_id);
    headers.push((operation.accept_header(), content_type.into()));
    match access {
        Access::Missing(reason) => return Err(access::missing(reason)),
        Access::Awaited => return Err(access::late("")),
        Access::External => {}
        Access::Credentials(Credentials::ApiKey(key)) => {
            map.push(("authorization", format!("Bearer {}", key.expose()).into_bytes()));
        }
        Access::Credentials(Credentials::AccessKey(key)) => {
            let text = |value| std::str::from_utf8(value).unwrap_or_default();
            let own = headers.iter().filter(|(name, _)| name.starts_with("x-amzn-"));
            let mut signed = vec![("content-type", content_type), ("host", host.as_str())];
            signed.extend(own.map(|(name, value)| (*name, text(value))));
            let request = SignableRequest {
                method: "POST",
                path: &path,
                query: "",
                headers: &signed,
                payload_sha256: edited.sha256.unwrap_or_default(),
            };
            let signer = if mantle { &mut signers.mantle } else { &mut signers.bedrock };
            let signature = signer.sign(&request, key, unix_seconds);
            map.push(("x-amz-date", signature.amz_date.into_bytes()));
            map.extend(key.session_token.as_ref().map(|token| ("x-amz-security-token", token.expose().into())));
            map.push(("authorization", signature.authorization.into_bytes()));
        }
    }
    map.extend(headers);
    map.extend([
        (":method", b"POST".to_vec()),
        (":path", path.into_bytes()),
        (":authority", host.clone().into_bytes()),
        ("content-type", content_type.into()),
        ("accept-encoding", b"identity".to_vec()),
        ("content-length", operation.coding().length(edited.length).to_string().into_bytes()),
    ]);
    Ok(map)
}
