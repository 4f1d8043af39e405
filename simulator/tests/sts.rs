//! STS: who gets a role, and in which words who does not.

mod support;

use std::time::Duration;

use bytes::Bytes;
use support::Simulator;
use support::credentials::{STS_HOST, form, short_lived};

fn refusal(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.to_owned(), message.to_owned())
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

#[tokio::test]
async fn a_web_identity_gets_keys() {
    let simulator = Simulator::start().await;
    let (keys, reply) = simulator.web_identity().await;
    assert_eq!(reply.header("content-type"), "text/xml");
    let body = String::from_utf8(reply.body().to_vec()).unwrap();
    assert!(body.starts_with(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
         <AssumeRoleWithWebIdentityResult>"
    ));
    for (element, text) in [
        ("SubjectFromWebIdentityToken", "system:serviceaccount:default:gateway"),
        ("Audience", "sts.amazonaws.com"),
        ("Arn", "arn:aws:sts::123456789012:assumed-role/gateway/gateway-1"),
        ("Provider", "arn:aws:iam::123456789012:oidc-provider/oidc.simulator.example"),
        ("RequestId", reply.header("x-amzn-requestid")),
    ] {
        assert_eq!(reply.text(element), text);
    }
    let id = reply.text("AssumedRoleId");
    assert!(id.starts_with("AROA") && id.ends_with(":gateway-1") && id.len() == 31, "{id}");
    assert!(keys.access_key_id.starts_with("ASIA") && keys.access_key_id.len() == 20);
    assert_eq!(keys.secret_access_key.len(), 40);
    assert_eq!(simulator.send(&simulator.call_with(&keys)).await.status, 200);
}

#[tokio::test]
async fn lives_of_sessions() {
    let seconds = async |simulator: &Simulator, pairs: &[(&str, &str)]| {
        let before = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let reply = simulator.with_web_identity(pairs).await;
        assert_eq!(reply.status, 200);
        let shown = reply.text("Expiration");
        assert!(shown.len() == 20 && shown.ends_with('Z'), "{shown}");
        let listed = simulator.get("/_simulator/credentials").await;
        let newest = listed["issued"].as_array().unwrap().last().unwrap()["expiresAt"].as_u64().unwrap();
        newest / 1000 - before
    };
    let simulator = Simulator::start().await;
    for (pairs, life) in
        [(&[][..], 3600), (&[("DurationSeconds", "900")], 900), (&[("DurationSeconds", "43200")], 43_200)]
    {
        assert!((life..life + 3).contains(&seconds(&simulator, pairs).await), "{life}");
    }
    let short = Simulator::start_with(short_lived(5)).await;
    assert!((5..8).contains(&seconds(&short, &[("DurationSeconds", "900")]).await));
}

#[tokio::test]
async fn web_identity_tokens_that_are_not_taken() {
    let simulator = Simulator::start().await;
    let with = async |token: &str| simulator.with_web_identity(&[("WebIdentityToken", token)]).await.sts_error();
    let malformed = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    assert_eq!(with("text").await, refusal(400, "InvalidIdentityToken", malformed));
    let other = Simulator::start().await.identity_token("").await;
    let signature = refusal(400, "InvalidIdentityToken", "Provided Token signature is invalid");
    assert_eq!(with(&other).await, signature);
    let audience = simulator.identity_token("audience=elsewhere").await;
    assert_eq!(with(&audience).await, refusal(400, "InvalidIdentityToken", "Incorrect token audience"));
    let expired = simulator.identity_token("seconds=0").await;
    let (status, code, message) = with(&expired).await;
    assert_eq!((status, code.as_str()), (400, "ExpiredTokenException"));
    assert!(message.starts_with("Token expired: current date/time "), "{message}");
    assert!(message.contains(" must be before the expiration date/time"), "{message}");

    for audience in ["sts.amazonaws.com", "bedrock-gateway"] {
        let token = simulator.identity_token(&format!("audience={audience}&subject=me&seconds=5")).await;
        let reply = simulator.with_web_identity(&[("WebIdentityToken", &token)]).await;
        assert_eq!((reply.text("Audience"), reply.text("SubjectFromWebIdentityToken")), (audience.into(), "me".into()));
    }
}

#[tokio::test]
async fn parameters_are_held_against_the_model() {
    let simulator = Simulator::start().await;
    let long = "a".repeat(65);
    let long_token = "a".repeat(20_001);
    let long_policy = format!(r#"{{"a":"{}"}}"#, "a".repeat(2048));
    let invalid = |what: &str| format!("1 validation error detected: {what}");
    for (pair, code, message) in [
        (
            ("RoleArn", ""),
            "ValidationError",
            invalid("Value null at 'roleArn' failed to satisfy constraint: Member must not be null"),
        ),
        (("RoleArn", "arn:aws:iam::1:role/a"), "ValidationError", "Request ARN is invalid".into()),
        (
            ("RoleArn", "short"),
            "ValidationError",
            invalid(
                "Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
            ),
        ),
        (
            ("RoleSessionName", "a"),
            "ValidationError",
            invalid(
                "Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
            ),
        ),
        (
            ("RoleSessionName", &long),
            "ValidationError",
            invalid(&format!(
                "Value '{long}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"
            )),
        ),
        (
            ("RoleSessionName", "a b"),
            "ValidationError",
            invalid(
                r"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
            ),
        ),
        (
            ("WebIdentityToken", "abc"),
            "ValidationError",
            invalid(
                "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4",
            ),
        ),
        (
            ("WebIdentityToken", &long_token),
            "ValidationError",
            invalid(
                "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000",
            ),
        ),
        (
            ("DurationSeconds", "899"),
            "ValidationError",
            invalid(
                "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
            ),
        ),
        (
            ("DurationSeconds", "43201"),
            "ValidationError",
            invalid(
                "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
            ),
        ),
        (
            ("DurationSeconds", "1h"),
            "ValidationError",
            invalid("Value '1h' at 'durationSeconds' failed to satisfy constraint: Member must be an integer"),
        ),
        (("Policy", "{"), "MalformedPolicyDocument", "This policy contains invalid Json".into()),
        (
            ("Policy", &long_policy),
            "MalformedPolicyDocument",
            "simulator: the policy is longer than 2048 characters".into(),
        ),
        (
            ("ExternalId", "external-id-example"),
            "ValidationError",
            "simulator: the parameter ExternalId is not known".into(),
        ),
    ] {
        let refused = simulator.with_web_identity(&[pair]).await.sts_error();
        assert_eq!(refused, refusal(400, code, &message), "{}", pair.0);
    }
    let both = simulator.with_web_identity(&[("RoleSessionName", "é"), ("DurationSeconds", "1")]).await.sts_error().2;
    assert!(both.starts_with("3 validation errors detected: Value 'é' at 'roleSessionName'"), "{both}");
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    assert_eq!(simulator.with_web_identity(&[("Policy", policy)]).await.status, 200);
}

#[tokio::test]
async fn what_is_no_such_request() {
    let simulator = Simulator::start().await;
    let invalid = |message: &str| refusal(400, "InvalidAction", message);
    for (pairs, expected) in [
        (
            vec![("Action", "GetCallerIdentity")],
            invalid("Could not find operation GetCallerIdentity for version 2011-06-15"),
        ),
        (
            vec![("Action", "AssumeRole"), ("Version", "2010-05-08")],
            invalid("Could not find operation AssumeRole for version 2010-05-08"),
        ),
        (
            vec![("Action", "AssumeRole"), ("Version", "")],
            invalid("Could not find operation AssumeRole for version NO_VERSION_SPECIFIED"),
        ),
        (vec![], refusal(400, "MissingAction", "The request is missing an action or a required parameter.")),
    ] {
        assert_eq!(simulator.unsigned(&pairs).await.sts_error(), expected);
    }
    let twice = form(&[("Action", "AssumeRole"), ("Version", "2011-06-15")]) + "&Action=AssumeRole";
    let expected = refusal(400, "ValidationError", "simulator: the parameter Action stands there twice");
    assert_eq!(simulator.form(STS_HOST, "/", twice).await.sts_error(), expected);
    let elsewhere = invalid("simulator: STS is asked by POST /");
    assert_eq!(simulator.form(STS_HOST, "/path", String::new()).await.sts_error(), elsewhere);
    let host = ("host", STS_HOST.to_owned());
    assert_eq!(simulator.exchange("GET", "/", std::slice::from_ref(&host), Bytes::new()).await.sts_error(), elsewhere);
    let json =
        simulator.exchange("POST", "/", &[host, ("content-type", "application/json".into())], Bytes::new()).await;
    assert_eq!((json.status, &*json.body()), (404, &b"<UnknownOperationException/>\n"[..]));
}

#[tokio::test]
async fn a_web_identity_must_not_be_signed() {
    let simulator = Simulator::start().await;
    let token = simulator.identity_token("").await;
    let call = simulator.assume_role(&[("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", &token)]);
    let expected = "simulator: AssumeRoleWithWebIdentity must not be signed, nor carry any authorization";
    assert_eq!(simulator.send(&call).await.sts_error(), refusal(400, "ValidationError", expected));
}

#[tokio::test]
async fn the_permanent_keys_assume_a_role() {
    let simulator = Simulator::start().await;
    let reply = simulator.send(&simulator.assume_role(&[])).await;
    let body = String::from_utf8(reply.body().to_vec()).unwrap();
    let beginning = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <AssumeRoleResult>\n    \
                     <AssumedRoleUser>\n      <AssumedRoleId>AROA";
    assert!(body.starts_with(beginning), "{body}");
    assert!(body.contains("</AssumeRoleResult>\n  <ResponseMetadata>\n    <RequestId>"), "{body}");
    assert_eq!(reply.text("Arn"), "arn:aws:sts::123456789012:assumed-role/gateway/gateway-1");
    assert_eq!(simulator.send(&simulator.call_with(&reply.keys())).await.status, 200);
}

#[tokio::test]
async fn signatures_are_checked() {
    let simulator = Simulator::start().await;
    let call = || simulator.assume_role(&[]);
    let unsigned = simulator.exchange("POST", "/", &call().headers, call().body).await.sts_error();
    assert_eq!(unsigned, refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));

    let mut other_id = call();
    other_id.config.keys.access_key_id = "AKIDOTHER".into();
    let mut other_secret = call();
    other_secret.config.keys.secret_access_key = "secret".into();
    let mut other_region = call();
    other_region.config.region = "eu-west-1".into();
    let mut other_service = call();
    other_service.service = "bedrock";
    let mut token = call();
    token.config.keys.session_token = Some("TOKEN".into());
    let invalid = refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    let wrong = |message: &str| refusal(403, "SignatureDoesNotMatch", message);
    for (call, expected) in [
        (other_id, invalid.clone()),
        (token, invalid),
        (
            other_secret,
            wrong(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        ),
        (other_region, wrong("Credential should be scoped to a valid region.")),
        (other_service, wrong("Credential should be scoped to correct service: 'sts'.")),
    ] {
        assert_eq!(simulator.send(&call).await.sts_error(), expected);
    }
    let mut headers = call().headers;
    headers.push(("authorization", "Bearer token".into()));
    let bearer = simulator.exchange("POST", "/", &headers, call().body).await.sts_error();
    assert_eq!((bearer.0, bearer.1.as_str()), (400, "IncompleteSignature"));
}

#[tokio::test]
async fn each_host_has_its_region() {
    let simulator = Simulator::start().await;
    for (host, region) in [
        ("sts.amazonaws.com", "us-east-1"),
        ("sts.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sts-fips.us-west-2.amazonaws.com", "us-west-2"),
        ("sts.eu-west-1.amazonaws.com:8081", "eu-west-1"),
    ] {
        let mut call = simulator.assume_role(&[]);
        call.headers[0].1 = host.into();
        call.config.region = region.into();
        assert_eq!(simulator.send(&call).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn parameters_of_assume_role() {
    let simulator = Simulator::start().await;
    let with = async |pair| simulator.send(&simulator.assume_role(&[pair])).await.sts_error();
    let invalid = |what: &str| refusal(400, "ValidationError", &format!("1 validation error detected: {what}"));
    for (pair, expected) in [
        (
            ("ExternalId", "a"),
            invalid(
                "Value 'a' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2",
            ),
        ),
        (
            ("ExternalId", "a b"),
            invalid(
                r"Value 'a b' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@:\/-]*",
            ),
        ),
        (("RoleArn", "arn:aws:iam::1:role/a"), refusal(400, "ValidationError", "arn:aws:iam::1:role/a is invalid")),
        (
            ("DurationSeconds", "1"),
            invalid(
                "Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
            ),
        ),
        (("Policy", "[]"), refusal(400, "MalformedPolicyDocument", "This policy contains invalid Json")),
        (
            ("WebIdentityToken", "token"),
            refusal(400, "ValidationError", "simulator: the parameter WebIdentityToken is not known"),
        ),
    ] {
        assert_eq!(with(pair).await, expected);
    }
    let good = simulator.assume_role(&[("ExternalId", "a:/b@c"), ("DurationSeconds", "7200"), ("Policy", "{}")]);
    assert_eq!(simulator.send(&good).await.status, 200);
}

#[tokio::test]
async fn roles_that_cannot_be_had() {
    let simulator = Simulator::start().await;
    let (denied, external) = (role("path/denied-one"), role("external"));
    let words = |arn: &str| {
        let message = format!(
            "User: arn:aws:iam::123456789012:user/gateway is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        refusal(403, "AccessDenied", &message)
    };
    for (arn, id, granted) in [
        (&denied, "", false),
        (&external, "", false),
        (&external, "another-id", false),
        (&external, "external-id-example", true),
    ] {
        let reply = simulator.send(&simulator.assume_role(&[("RoleArn", arn), ("ExternalId", id)])).await;
        if granted {
            assert_eq!(reply.status, 200);
        } else {
            assert_eq!(reply.sts_error(), words(arn));
        }
    }
    let refused = simulator.with_web_identity(&[("RoleArn", &denied)]).await.sts_error();
    assert_eq!(refused, refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
}

#[tokio::test]
async fn one_role_leads_to_another() {
    let simulator = Simulator::start_with(short_lived(4)).await;
    let (keys, _) = simulator.web_identity().await;
    let with = async |pairs: &[(&str, &str)]| {
        let mut call = simulator.assume_role(pairs);
        call.config.keys = keys.clone();
        simulator.send(&call).await
    };
    let chained = with(&[]).await.keys();
    assert_eq!(simulator.send(&simulator.call_with(&chained)).await.status, 200);
    let long = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    assert_eq!(with(&[("DurationSeconds", "3601")]).await.sts_error(), refusal(400, "ValidationError", long));
    let denied = with(&[("RoleArn", &role("denied"))]).await.sts_error().2;
    assert!(denied.starts_with("User: arn:aws:sts::123456789012:assumed-role/gateway/gateway-1 is not"), "{denied}");

    let mut without_token = simulator.assume_role(&[]);
    without_token.config.keys = keys.clone();
    without_token.config.keys.session_token = None;
    assert_eq!(simulator.send(&without_token).await.sts_error().1, "InvalidClientTokenId");

    tokio::time::sleep(Duration::from_secs(5)).await;
    let expired = refusal(403, "ExpiredToken", "The security token included in the request is expired");
    assert_eq!(with(&[]).await.sts_error(), expired);
    // Bedrock was not asked.
    assert_eq!(simulator.get("/_simulator/credentials").await["expiredUses"], 0);
}
