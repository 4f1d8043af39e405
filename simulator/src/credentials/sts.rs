//! AWS STS: `AssumeRole` and `AssumeRoleWithWebIdentity`, in the Query protocol, version 2011-06-15.
//!
//! Parameters and their limits are those of the service's model; the wording of refusals is what clients have quoted.

mod parameters;
mod xml;

use std::time::Duration;

use http::Method;
use sha2::{Digest, Sha256};

use super::form::{self, Form};
use super::issued::identifier;
use super::reply::{Failure, Granted, Reply};
use super::service::host_name;
use super::tokens::{Claims, Flaw, ISSUER, STS_AUDIENCE};
use super::{ACCOUNT, Call, Served, Service, Session, timestamp};
use crate::auth::sigv4::{self, Target};
use crate::auth::{Keyring, Signer};
use crate::errors::Refusal;
use parameters::{Parameters, Role};
use xml::Element::{Parent, Text};

const VERSION: &str = "2011-06-15";
const XML: &str = "text/xml";
const ASSUME_ROLE: &str = "AssumeRole";
const WITH_WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";

/// The role that asks for an external id, and the id it asks for.
const EXTERNAL: (&str, &str) = ("external", "external-id-example");

/// How the names of roles begin that nobody may assume.
const DENIED: &str = "denied";

/// What a session may last whose role is assumed by another session.
const CHAINED: u64 = 3600;

/// The region of the one host without a region.
const GLOBAL_REGION: &str = "us-east-1";

/// Answers a request.
pub(super) fn serve(call: &Call<'_>) -> Served {
    let mut action = "-";
    let result = answer(call, &mut action);
    Served { action, result }
}

fn answer(call: &Call<'_>, action: &mut &'static str) -> Result<Granted, Failure> {
    let request = call.request;
    if request.method != Method::POST || request.target != "/" {
        return Err(Failure::new(400, "InvalidAction", "simulator: STS is asked by POST /"));
    }
    // What is no form is not even read.
    if !form::is_form(request) {
        return Err(Failure::new(404, UNKNOWN_OPERATION, ""));
    }
    let form = Form::parse(&request.body).map_err(|name| {
        let name = name.escape_debug();
        Failure::new(400, "ValidationError", format!("simulator: the parameter {name} stands there twice"))
    })?;
    let Some(asked) = form.get("Action") else {
        return Err(Failure::new(400, "MissingAction", "The request is missing an action or a required parameter."));
    };
    let version = form.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let known = [ASSUME_ROLE, WITH_WEB_IDENTITY].into_iter().find(|known| *known == asked);
    let Some(known) = known.filter(|_| version == VERSION) else {
        let message = format!("Could not find operation {asked} for version {version}");
        return Err(Failure::new(400, "InvalidAction", message));
    };
    *action = known;
    if known == ASSUME_ROLE { assume_role(call, &form) } else { with_web_identity(call, &form) }
}

/// Signed by whoever wants the role.
fn assume_role(call: &Call<'_>, form: &Form) -> Result<Granted, Failure> {
    let signer = signer(call)?;
    let parameters = Parameters::of_assume_role(form)?;
    let role = parameters.role(|arn| format!("{arn} is invalid"))?;
    if signer.expires_at.is_some() && parameters.duration.is_some_and(|seconds| seconds > CHAINED) {
        return Err(Failure::new(
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let denied = role.name.starts_with(DENIED)
        || role.name == EXTERNAL.0 && parameters.external_id.as_deref() != Some(EXTERNAL.1);
    if denied {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
            signer.arn, parameters.role_arn
        );
        return Err(Failure::new(403, "AccessDenied", message));
    }
    let (session, user) = start(call, &parameters, &role);
    let result = vec![user, credentials(&session)];
    Ok(granted(call, "AssumeRoleResponse", "AssumeRoleResult", result, &session))
}

/// Not signed: the token says who it is.
fn with_web_identity(call: &Call<'_>, form: &Form) -> Result<Granted, Failure> {
    if call.request.headers.contains_key("authorization") {
        let message = "simulator: AssumeRoleWithWebIdentity must not be signed, nor carry any authorization";
        return Err(Failure::new(400, "ValidationError", message));
    }
    let parameters = Parameters::of_web_identity(form)?;
    let role = parameters.role(|_| "Request ARN is invalid".into())?;
    let claims = identity(call, &parameters.web_identity_token)?;
    if role.name.starts_with(DENIED) {
        return Err(Failure::new(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    }
    let (session, user) = start(call, &parameters, &role);
    let provider = ISSUER.trim_start_matches("https://");
    let result = vec![
        Text("SubjectFromWebIdentityToken", claims.sub),
        Text("Audience", claims.aud.into_iter().next().unwrap_or_default()),
        user,
        Text("Provider", format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}")),
        credentials(&session),
    ];
    let (response, member) = ("AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult");
    Ok(granted(call, response, member, result, &session))
}

/// Who signed the request. The refusals are Bedrock's by other names.
fn signer(call: &Call<'_>) -> Result<Signer, Failure> {
    let Some(authorization) = call.request.header("authorization") else {
        return Err(Failure::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    };
    let host = call.request.host.to_ascii_lowercase();
    let target = Target { service: "sts", region: region(&host) };
    let keyring = Keyring { config: call.config, issued: &call.state.issued };
    let verified = sigv4::verify(call.request, target, authorization, &keyring, call.now);
    verified.map(|verified| verified.signer).map_err(|Refusal { name, status, message }| {
        let code = match name {
            "UnrecognizedClientException" => "InvalidClientTokenId",
            "InvalidSignatureException" => "SignatureDoesNotMatch",
            "IncompleteSignatureException" => "IncompleteSignature",
            sigv4::EXPIRED => "ExpiredToken",
            other => other,
        };
        Failure::new(status, code, message)
    })
}

/// The region that a host signs for: `sts.eu-west-1.amazonaws.com`; `sts.amazonaws.com` is of one region too.
fn region(host: &str) -> &str {
    match host_name(host).split('.').nth(1) {
        None | Some("amazonaws") => GLOBAL_REGION,
        Some(region) => region,
    }
}

/// What a web identity token says, when STS takes it.
fn identity(call: &Call<'_>, token: &str) -> Result<Claims, Failure> {
    let invalid = |message: String| Failure::new(400, "InvalidIdentityToken", message);
    let claims = call.state.tokens.check(token, call.now).map_err(|flaw| match flaw {
        Flaw::Malformed => invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".into(),
        ),
        Flaw::Foreign(issuer) => invalid(format!("No OpenIDConnect provider found in your account for {issuer}")),
        Flaw::Signature => invalid("Provided Token signature is invalid".into()),
        Flaw::Expired { now, exp } => Failure::new(
            400,
            "ExpiredTokenException",
            format!("Token expired: current date/time {now} must be before the expiration date/time{exp}"),
        ),
    })?;
    let audiences = [STS_AUDIENCE, call.config.credentials.oidc_client_id.as_str()];
    if !claims.aud.iter().any(|audience| audiences.contains(&audience.as_str())) {
        return Err(invalid("Incorrect token audience".into()));
    }
    Ok(claims)
}

/// Begins a session, and shows whose it is.
fn start(call: &Call<'_>, parameters: &Parameters, role: &Role) -> (Session, xml::Element) {
    let (account, name, session_name) = (&role.account, &role.name, &parameters.session_name);
    let arn = format!("arn:{}:sts::{account}:assumed-role/{name}/{session_name}", role.partition);
    let life = Duration::from_secs(parameters.duration.unwrap_or(3600));
    let session = call.issue(Service::Sts, &arn, life);
    // A role keeps its id.
    let id = identifier(Sha256::digest(&parameters.role_arn).get(..17).unwrap_or_default());
    let user = vec![Text("AssumedRoleId", format!("AROA{id}:{session_name}")), Text("Arn", arn)];
    (session, Parent("AssumedRoleUser", user))
}

fn credentials(session: &Session) -> xml::Element {
    let keys = &session.keys;
    Parent(
        "Credentials",
        vec![
            Text("AccessKeyId", keys.access_key_id.clone()),
            Text("SecretAccessKey", keys.secret_access_key.clone()),
            Text("SessionToken", keys.session_token.clone().unwrap_or_default()),
            Text("Expiration", timestamp(session.expires_at)),
        ],
    )
}

fn granted(
    call: &Call<'_>,
    response: &'static str,
    member: &'static str,
    result: Vec<xml::Element>,
    session: &Session,
) -> Granted {
    let metadata = Parent("ResponseMetadata", vec![Text("RequestId", call.request_id.into())]);
    let document = xml::document(&Parent(response, vec![Parent(member, result), metadata]));
    Granted {
        outcome: format!("issued {}", session.keys.access_key_id),
        document: true,
        reply: Reply::new(200, XML, document),
    }
}

/// The code of the one refusal that has a shape of its own.
const UNKNOWN_OPERATION: &str = "UnknownOperationException";

/// A failure as STS shows it.
pub(super) fn failed(failure: &Failure, request_id: &str) -> Reply {
    if failure.code == UNKNOWN_OPERATION {
        return Reply::new(failure.status, XML, "<UnknownOperationException/>\n");
    }
    let fault = if failure.status < 500 { "Sender" } else { "Receiver" };
    let error =
        vec![Text("Type", fault.into()), Text("Code", failure.code.clone()), Text("Message", failure.message.clone())];
    let children = vec![Parent("Error", error), Text("RequestId", request_id.into())];
    Reply::new(failure.status, XML, xml::document(&Parent("ErrorResponse", children)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_their_regions() {
        for (host, expected) in [
            ("sts.amazonaws.com", "us-east-1"),
            ("sts.amazonaws.com:443", "us-east-1"),
            ("sts.eu-central-1.amazonaws.com:443", "eu-central-1"),
            ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("sts-fips.us-west-2.amazonaws.com", "us-west-2"),
            ("sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ] {
            assert_eq!(region(host), expected, "{host}");
        }
    }
}
