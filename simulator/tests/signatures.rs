//! Who is let in, and in which words who is not.

mod support;

use std::time::Duration;

use bedrock_simulator::Config;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{MODEL, Simulator, ask};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const BAD_TOKEN: &str = "The security token included in the request is invalid.";

fn refusal(status: u16, name: &str, message: &str) -> (u16, String, String) {
    (status, name.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_good_signature_is_accepted() {
    let simulator = Simulator::start().await;
    for model in [MODEL, "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456"] {
        let reply = simulator.send(&simulator.call(model, "invoke", &ask("hi"))).await;
        assert_eq!(reply.status, 200, "{model}");
    }
    let mut raw_colon = simulator.call(MODEL, "invoke", &ask("hi"));
    raw_colon.path = raw_colon.path.replace("%3A", ":");
    raw_colon.headers.push(("x-amzn-bedrock-trace", "ENABLED".into()));
    assert_eq!(simulator.send(&raw_colon).await.status, 200);
    let scope = simulator.get("/_simulator/last").await["auth"].as_str().unwrap().to_owned();
    assert!(scope.starts_with("SigV4 verified AKIDEXAMPLE 20") && scope.ends_with("/us-east-1/bedrock"), "{scope}");
}

#[tokio::test]
async fn what_is_changed_after_signing_is_noticed() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    let signed = simulator.sign(&call);
    let with = |name: &str, value: &str| {
        let mut headers = signed.clone();
        headers.iter_mut().filter(|(known, _)| *known == name).for_each(|header| header.1 = value.into());
        headers
    };
    let date = signed.iter().find(|(name, _)| *name == "x-amz-date").unwrap().1.clone();
    let other_second = format!("{}{}Z", &date[..14], if &date[14..15] == "0" { 1 } else { 0 });
    let mut other_host = signed.clone();
    other_host.push(("host", "bedrock-runtime.us-east-1.amazonaws.com".into()));
    let other_path = call.path.replace("%3A", ":");
    for (what, path, headers, body) in [
        ("body", &call.path, signed.clone(), ask("ho").to_string().into()),
        ("path", &other_path, signed.clone(), call.body.clone()),
        ("query", &format!("{}?beta=true", call.path), signed.clone(), call.body.clone()),
        ("date", &call.path, with("x-amz-date", &other_second), call.body.clone()),
        ("header", &call.path, with("content-type", "application/json; charset=utf-8"), call.body.clone()),
        ("host", &call.path, other_host, call.body.clone()),
    ] {
        let reply = simulator.exchange("POST", path, &headers, body).await;
        assert_eq!(reply.refusal(), refusal(403, "InvalidSignatureException", MISMATCH), "{what}");
    }
    assert_eq!(simulator.exchange("POST", &call.path, &signed, call.body.clone()).await.status, 200);
}

#[tokio::test]
async fn wrong_keys_scopes_and_times() {
    let simulator = Simulator::start().await;
    let call = || simulator.call(MODEL, "invoke", &ask("hi"));

    let mut other_id = call();
    other_id.config.keys.access_key_id = "AKIDOTHER".into();
    let mut other_secret = call();
    other_secret.config.keys.secret_access_key = "secret".into();
    let mut other_region = call();
    other_region.config.region = "eu-west-1".into();
    let mut other_service = call();
    other_service.service = "bedrock-mantle";
    for (call, expected) in [
        (other_id, refusal(403, "UnrecognizedClientException", BAD_TOKEN)),
        (other_secret, refusal(403, "InvalidSignatureException", MISMATCH)),
        (other_region, refusal(403, "InvalidSignatureException", "Credential should be scoped to a valid region.")),
        (
            other_service,
            refusal(403, "InvalidSignatureException", "Credential should be scoped to correct service: 'bedrock'."),
        ),
    ] {
        assert_eq!(simulator.send(&call).await.refusal(), expected);
    }

    let mut old = call();
    old.at -= Duration::from_secs(6 * 60);
    let (status, name, message) = simulator.send(&old).await.refusal();
    assert_eq!((status, name.as_str()), (403, "InvalidSignatureException"));
    assert!(message.starts_with("Signature expired: ") && message.ends_with("Z - 5 min.)"), "{message}");
    let mut early = call();
    early.at += Duration::from_secs(6 * 60);
    assert!(simulator.send(&early).await.refusal().2.starts_with("Signature not yet current: "));
}

#[tokio::test]
async fn session_tokens() {
    let mut config = Config { token_delay: Duration::ZERO, ..Config::default() };
    config.keys.session_token = Some("TOKEN/+=".into());
    let simulator = Simulator::start_with(config).await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    assert_eq!(simulator.send(&call).await.status, 200);
    for token in [None, Some("OTHER".to_owned())] {
        let mut wrong = simulator.call(MODEL, "invoke", &ask("hi"));
        wrong.config.keys.session_token = token;
        let refused = simulator.send(&wrong).await.refusal();
        assert_eq!(refused, refusal(403, "UnrecognizedClientException", BAD_TOKEN));
    }
    // The token is there, and nothing vouches for it.
    let mut unsigned = simulator.call(MODEL, "invoke", &ask("hi"));
    unsigned.config.keys.session_token = None;
    let mut headers = simulator.sign(&unsigned);
    headers.push(("x-amz-security-token", "TOKEN/+=".into()));
    let reply = simulator.exchange("POST", &unsigned.path, &headers, unsigned.body.clone()).await;
    assert_eq!(reply.refusal().1, "InvalidSignatureException");
}

#[tokio::test]
async fn authorization_that_is_missing_or_malformed() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    let with = async |authorization: &str, dated: bool| {
        let mut headers = call.headers.clone();
        headers.push(("authorization", authorization.into()));
        if dated {
            headers.push(("x-amz-date", "20261122T120000Z".into()));
        }
        simulator.exchange("POST", &call.path, &headers, call.body.clone()).await.refusal()
    };
    let missing = simulator.exchange("POST", &call.path, &call.headers, call.body.clone()).await.refusal();
    assert_eq!(missing, refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"));
    for (authorization, dated, beginning) in [
        ("Basic dXNlcg==", true, "Invalid key=value pair (missing equal-sign) in Authorization header"),
        (
            "AWS4-HMAC-SHA256 ",
            false,
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
             parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
             existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=c",
            true,
            "Credential must have exactly 5 slash-delimited elements",
        ),
    ] {
        let (status, name, message) = with(authorization, dated).await;
        assert_eq!((status, name.as_str()), (400, "IncompleteSignatureException"));
        assert!(message.starts_with(beginning), "{message}");
    }
}

#[tokio::test]
async fn host_and_date_must_be_signed() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    for (name, message) in [
        ("host;", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        (";x-amz-date", "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."),
    ] {
        let mut headers = simulator.sign(&call);
        headers.iter_mut().for_each(|header| header.1 = header.1.replacen(name, "", 1));
        let reply = simulator.exchange("POST", &call.path, &headers, call.body.clone()).await;
        assert_eq!(reply.refusal(), refusal(403, "InvalidSignatureException", message));
    }
}

#[tokio::test]
async fn api_keys() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    let with = async |key: &str| {
        let mut headers = call.headers.clone();
        headers.push(("authorization", format!("Bearer {key}")));
        simulator.exchange("POST", &call.path, &headers, call.body.clone()).await
    };
    assert_eq!(with(Config::API_KEY).await.status, 200);
    assert_eq!(
        with("another").await.refusal(),
        refusal(403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.")
    );
}

#[tokio::test]
async fn other_paths_are_no_operations() {
    let simulator = Simulator::start().await;
    for (method, path) in [("POST", "/v1/messages"), ("GET", "/model/a/invoke"), ("POST", "/model/a/converse")] {
        let reply = simulator.exchange(method, path, &[], Default::default()).await;
        assert_eq!(reply.refusal().0, 404);
        assert_eq!(reply.refusal().1, "UnknownOperationException");
    }
}

#[tokio::test]
async fn http2_signs_the_authority() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    let stream = tokio::net::TcpStream::connect(simulator.address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method("POST").uri(format!("http://{}{}", simulator.address, call.path));
    for (name, value) in simulator.sign(&call) {
        request = request.header(name, value);
    }
    let reply = sender.send_request(request.body(Full::<Bytes>::new(call.body.clone())).unwrap()).await.unwrap();
    assert_eq!(reply.status(), 200);
}
