//! The endpoint for containers: of ECS and of EKS Pod Identity.

mod support;

use bedrock_simulator::{Config, CredentialConfig};
use bytes::Bytes;
use serde_json::json;
use support::Simulator;

const TOKEN: &str = CredentialConfig::CONTAINER_TOKEN;

#[tokio::test]
async fn both_documents() {
    let simulator = Simulator::start().await;
    for (path, member, value) in [
        ("/v2/credentials/some-id", "RoleArn", "arn:aws:iam::123456789012:role/ecs-task-role"),
        ("/v1/credentials", "AccountId", "123456789012"),
    ] {
        let reply = simulator.container(path, Some(TOKEN)).await;
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!((reply.json().as_object().unwrap().len(), reply.text(member)), (5, value.into()));
        assert_eq!(reply.text("Expiration").len(), 20);
        assert_eq!(simulator.send(&simulator.call_with(&reply.keys())).await.status, 200);
    }
    let issued = simulator.get("/_simulator/credentials").await["issued"].clone();
    let life = issued[1]["expiresAt"].as_u64().unwrap() - issued[1]["issuedAt"].as_u64().unwrap();
    assert!((21_600_000..21_601_000).contains(&life), "{life}");
}

#[tokio::test]
async fn any_host_has_the_paths() {
    let simulator = Simulator::start().await;
    for host in ["169.254.170.2", "169.254.170.23:80", "[fd00:ec2::23]", "127.0.0.1:8081", "localhost"] {
        let headers = [("host", host.to_owned()), ("authorization", TOKEN.to_owned())];
        let reply = simulator.exchange("GET", "/v2/credentials/id", &headers, Bytes::new()).await;
        assert_eq!(reply.status, 200, "{host}");
    }
}

#[tokio::test]
async fn what_is_refused() {
    let simulator = Simulator::start().await;
    let expired = simulator.identity_token("seconds=-1").await;
    let foreign = Simulator::start().await.identity_token("").await;
    let bearer = format!("Bearer {TOKEN}");
    for token in [None, Some(""), Some("another"), Some(bearer.as_str()), Some(&expired), Some(&foreign)] {
        let reply = simulator.container("/v1/credentials", token).await;
        assert_eq!((reply.status, reply.header("content-type")), (401, "application/json"));
        assert_eq!(reply.text("code"), "AccessDenied");
        assert!(!reply.text("message").is_empty());
    }
    for path in ["/", "/v2/credentials/", "/v1/credentials/", "/v3/credentials"] {
        let reply = simulator.container(path, Some(TOKEN)).await;
        assert_eq!((reply.status, reply.text("code")), (404, "NotFound".into()));
    }
    let host = [("host", "169.254.170.2".to_owned())];
    assert_eq!(simulator.exchange("POST", "/v1/credentials", &host, Bytes::new()).await.status, 405);
    let state = simulator.get("/_simulator/credentials").await;
    assert_eq!((&state["issued"], &state["calls"]["container"]["ok"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn tokens_that_are_taken() {
    let credentials = CredentialConfig { container_token: "mine".into(), ..CredentialConfig::default() };
    let simulator = Simulator::start_with(Config { credentials, ..Config::default() }).await;
    let minted = simulator.identity_token("audience=pods.eks.amazonaws.com").await;
    for (token, status) in [("mine", 200), (minted.as_str(), 200), (TOKEN, 401)] {
        assert_eq!(simulator.container("/v1/credentials", Some(token)).await.status, status);
    }
}
