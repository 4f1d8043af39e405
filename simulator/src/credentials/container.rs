//! The endpoint that containers have for credentials: the ECS agent's `/v2/credentials/{id}`, and the `/v1/credentials` of
//! EKS Pod Identity. Both take the token raw in `authorization`.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::reply::{Failure, Granted, Reply};
use super::{ACCOUNT, Call, Served, Service, timestamp};

const ECS: &str = "/v2/credentials/";
const EKS: &str = "/v1/credentials";

/// How long keys are good, when nothing else is configured.
const LIFE: Duration = Duration::from_secs(6 * 3600);

/// Whether a path is the endpoint's.
pub(super) fn serves(path: &str) -> bool {
    path == EKS || path.strip_prefix(ECS).is_some_and(|id| !id.is_empty())
}

/// Answers a request.
pub(super) fn serve(call: &Call<'_>) -> Served {
    let path = call.request.path();
    if !serves(path) {
        return Served { action: "-", result: Err(Failure::new(404, "NotFound", "simulator: no such path")) };
    }
    let action = "credentials";
    if call.request.method != Method::GET {
        let refused = Failure::new(405, "MethodNotAllowed", "simulator: credentials come by GET");
        return Served { action, result: Err(refused) };
    }
    Served { action, result: document(call, path == EKS) }
}

fn document(call: &Call<'_>, eks: bool) -> Result<Granted, Failure> {
    check_token(call)?;
    let role = if eks { "eks-pod-role" } else { "ecs-task-role" };
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/container");
    let session = call.issue(Service::Container, &arn, LIFE);
    let keys = &session.keys;
    let mut document = json!({
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "Token": keys.session_token,
        "Expiration": timestamp(session.expires_at),
    });
    if eks {
        document["AccountId"] = ACCOUNT.into();
    } else {
        document["RoleArn"] = format!("arn:aws:iam::{ACCOUNT}:role/{role}").into();
    }
    let outcome = format!("issued {}", keys.access_key_id);
    Ok(Granted { outcome, document: true, reply: Reply::json(200, &document) })
}

/// The configured token, or one that the simulator minted for whomever.
fn check_token(call: &Call<'_>) -> Result<(), Failure> {
    let refused = |message: &str| Err(Failure::new(401, "AccessDenied", message));
    let Some(token) = call.request.header("authorization") else {
        return refused("The request has no authorization token");
    };
    if token == call.config.credentials.container_token || call.state.tokens.check(token, call.now).is_ok() {
        return Ok(());
    }
    refused("The authorization token is not valid")
}

/// A failure in the members that AWS's SDKs read.
pub(super) fn failed(failure: &Failure) -> Reply {
    Reply::json(failure.status, &json!({ "code": failure.code, "message": failure.message }))
}
