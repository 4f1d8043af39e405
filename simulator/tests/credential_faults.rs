//! What goes wrong with the credential services on demand.

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use support::Simulator;
use support::credentials::{DOCUMENT, METADATA_HOST, ROLES, STS_HOST, fault};

const FAILURE: &str = "The request processing has failed because of an unknown error, exception or failure.";

#[tokio::test]
async fn errors_in_each_services_shape() {
    let simulator = Simulator::start().await;
    for service in ["sts", "oidc", "container", "instanceMetadata"] {
        simulator.switch(fault(service, "error")).await;
    }
    let sts = simulator.with_web_identity(&[]).await.sts_error();
    assert_eq!(sts, (500, "InternalFailure".into(), FAILURE.into()));
    let oidc = simulator.client_credentials(&[]).await;
    assert_eq!(oidc.json(), json!({ "error": "server_error", "error_description": FAILURE }));
    let container = simulator.container("/v1/credentials", None).await;
    assert_eq!(container.json(), json!({ "code": "InternalFailure", "message": FAILURE }));
    let metadata = simulator.metadata("GET", DOCUMENT, &[]).await;
    assert_eq!((metadata.status, metadata.text("title").as_str()), (500, "500 - Internal Server Error"));

    let order = json!({
        "service": "sts", "fault": "error", "status": 429, "code": "Throttling", "message": "Rate exceeded"
    });
    simulator.switch(order).await;
    let throttled = simulator.with_web_identity(&[]).await.sts_error();
    assert_eq!(throttled, (429, "Throttling".into(), "Rate exceeded".into()));
    let counts = simulator.get("/_simulator/credentials").await["calls"]["sts"].clone();
    assert_eq!((&counts["total"], &counts["ok"]), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn a_role_that_is_not_to_be_had() {
    let simulator = Simulator::start().await;
    let order = json!({ "service": "instanceMetadata", "fault": "error", "status": 200, "code": "AssumeRoleUnauthorizedAccess" });
    simulator.switch(order).await;
    let token = simulator.metadata_token(60).await;
    let with = [("x-aws-ec2-metadata-token", token.as_str())];
    assert_eq!(&*simulator.metadata("GET", ROLES, &with).await.body(), b"gateway-role");
    let document = simulator.metadata("GET", DOCUMENT, &with).await;
    assert_eq!((document.status, document.text("Code").as_str()), (200, "AssumeRoleUnauthorizedAccess"));
    assert_eq!(document.text("AccessKeyId"), "");
    assert_eq!(simulator.get("/_simulator/credentials").await["calls"]["instanceMetadata"]["documents"], 0);
}

#[tokio::test]
async fn no_answer() {
    let simulator = Simulator::start().await;
    let host = [("host", STS_HOST.to_owned())];
    simulator.switch(fault("sts", "reset")).await;
    let reset = simulator.attempt("POST", "/", &host, Bytes::new()).await;
    assert!(reset.is_err());
    simulator.switch(fault("sts", "stall")).await;
    let stalled = simulator.attempt("POST", "/", &host, Bytes::new());
    assert!(tokio::time::timeout(Duration::from_millis(300), stalled).await.is_err());
    let kept = simulator.get("/_simulator/credentials/requests").await["requests"].clone();
    assert_eq!((&kept[0]["status"], &kept[0]["auth"]), (&json!(0), &json!("fault: reset")));
    assert_eq!((&kept[1]["status"], &kept[1]["auth"]), (&json!(0), &json!("fault: stalled")));
    // The others go on.
    assert_eq!(simulator.client_credentials(&[]).await.status, 200);
}

#[tokio::test]
async fn late_and_right() {
    let simulator = Simulator::start().await;
    simulator.switch(json!({ "service": "container", "fault": "slow", "ms": 300 })).await;
    let start = Instant::now();
    let reply = simulator.container("/v1/credentials", Some("container-token-example")).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(simulator.send(&simulator.call_with(&reply.keys())).await.status, 200);
    assert_eq!(simulator.get("/_simulator/credentials").await["calls"]["container"]["ok"], 1);
}

#[tokio::test]
async fn answers_that_are_none() {
    let simulator = Simulator::start().await;
    let with = async |word: &str| {
        simulator.switch(fault("sts", word)).await;
        simulator.with_web_identity(&[]).await
    };
    let garbage = with("garbage").await;
    assert_eq!(garbage.status, 200);
    assert!(std::str::from_utf8(&garbage.body()).is_err());
    let empty = with("empty").await;
    assert_eq!((empty.status, empty.body().len(), empty.complete), (200, 0, true));
    let redirect = with("redirect").await;
    assert_eq!((redirect.status, redirect.header("location")), (302, "https://elsewhere.invalid/"));
    assert_eq!(simulator.get("/_simulator/credentials").await["issued"], json!([]));

    let cut = with("cut").await;
    assert!(cut.status == 200 && !cut.complete);
    let announced: usize = cut.header("content-length").parse().unwrap();
    assert!(!cut.body().is_empty() && cut.body().len() < announced);
    let huge = with("huge").await;
    assert_eq!((huge.status, huge.header("content-type"), huge.body().len()), (200, "text/xml", 2 << 20));
    assert!(huge.keys().access_key_id.starts_with("ASIA"));
    let wrong = with("wrongType").await;
    assert_eq!((wrong.status, wrong.header("content-type")), (200, "text/html"));
    assert!(wrong.keys().access_key_id.starts_with("ASIA"));
    assert_eq!(simulator.get("/_simulator/credentials").await["calls"]["sts"]["ok"], 0);
}

#[tokio::test]
async fn secrets_that_come_back() {
    let simulator = Simulator::start().await;
    for service in ["sts", "oidc", "container", "instanceMetadata"] {
        simulator.switch(fault(service, "echo")).await;
    }
    let call = simulator.assume_role(&[]);
    let (status, code, message) = simulator.send(&call).await.sts_error();
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(message.starts_with("Action=AssumeRole&Version"), "{message}");
    assert!(message.contains(" authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{message}");
    let oidc = simulator.client_credentials(&[]).await;
    assert_eq!((oidc.status, oidc.text("error").as_str()), (400, "invalid_request"));
    assert!(oidc.text("error_description").contains("client_secret=oidc-client-secret-example"));
    let container = simulator.container("/v1/credentials", Some("a-token")).await;
    assert_eq!((container.status, container.text("message").as_str()), (400, " authorization: a-token"));
    let metadata = simulator.metadata("GET", DOCUMENT, &[("x-aws-ec2-metadata-token", "a-token")]).await;
    assert!(String::from_utf8_lossy(&metadata.body()).contains(" x-aws-ec2-metadata-token: a-token"));
}

#[tokio::test]
async fn how_long_a_fault_stays() {
    let simulator = Simulator::start().await;
    let status = async || simulator.client_credentials(&[]).await.status;
    simulator.switch(json!({ "service": "oidc", "fault": "error", "status": 503, "times": 2 })).await;
    assert_eq!([status().await, status().await, status().await], [503, 503, 200]);
    simulator.switch(json!({ "service": "oidc", "fault": "error", "status": 503 })).await;
    assert_eq!([status().await, status().await, status().await], [503, 503, 503]);
    simulator.switch(json!({ "service": "oidc", "fault": "error", "status": 502 })).await;
    assert_eq!(status().await, 502);
    simulator.switch(fault("oidc", "none")).await;
    assert_eq!(status().await, 200);
    simulator.switch(fault("oidc", "error")).await;
    simulator.reset().await;
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn orders_that_are_not_understood() {
    let simulator = Simulator::start().await;
    for order in ["", r#"{"service":"s3","fault":"stall"}"#, r#"{"service":"sts","fault":"explode"}"#] {
        let reply = simulator.order(order).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text("message").starts_with("simulator: "), "{order}");
    }
    for query in ["seconds=text", "second=1"] {
        let path = format!("/_simulator/identity-token?{query}");
        let reply = simulator.exchange("POST", &path, &[], Bytes::new()).await;
        assert!(reply.status == 400 && reply.text("message").starts_with("simulator: "), "{query}");
    }
    // A question is about the simulator, whatever the host.
    let host = [("host", METADATA_HOST.to_owned())];
    let reply = simulator.exchange("GET", "/_simulator/credentials", &host, Bytes::new()).await;
    assert_eq!(reply.json()["calls"]["instanceMetadata"]["total"], 0);
}
