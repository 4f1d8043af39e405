//! IMDS: a token first, then what it opens.

mod support;

use std::time::Duration;

use bedrock_simulator::{Config, CredentialConfig};
use bytes::Bytes;
use serde_json::json;
use support::Simulator;
use support::credentials::{DOCUMENT, ROLES, short_lived};

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";

#[tokio::test]
async fn from_a_token_to_keys() {
    let simulator = Simulator::start().await;
    let reply = simulator.metadata("PUT", "/latest/api/token", &[(TTL, "21600")]).await;
    assert_eq!((reply.status, reply.header("content-type"), reply.header(TTL)), (200, "text/plain", "21600"));
    let token = String::from_utf8(reply.body().to_vec()).unwrap();
    assert!(token.len() > 40 && token.is_ascii(), "{token}");
    let role = simulator.metadata("GET", ROLES, &[(TOKEN, &token)]).await;
    assert_eq!((role.status, &*role.body()), (200, &b"gateway-role"[..]));
    let document = simulator.metadata("GET", DOCUMENT, &[(TOKEN, &token)]).await;
    assert_eq!((document.text("Code"), document.text("Type")), ("Success".into(), "AWS-HMAC".into()));
    assert_eq!(document.header("content-type"), "text/plain");
    assert_eq!((document.text("LastUpdated").len(), document.text("Expiration").len()), (20, 20));
    assert_eq!(document.json().as_object().unwrap().len(), 7);
    assert_eq!(simulator.send(&simulator.call_with(&document.keys())).await.status, 200);

    let calls = simulator.get("/_simulator/credentials").await["calls"]["instanceMetadata"].clone();
    assert_eq!((&calls["total"], &calls["ok"], &calls["documents"]), (&json!(3), &json!(3), &json!(1)));
    let issued = simulator.get("/_simulator/credentials").await["issued"][0].clone();
    let life = issued["expiresAt"].as_u64().unwrap() - issued["issuedAt"].as_u64().unwrap();
    assert!((21_600_000..21_601_000).contains(&life), "{life}");
}

#[tokio::test]
async fn what_is_refused() {
    let simulator = Simulator::start().await;
    let token = simulator.metadata_token(60).await;
    for (method, path, headers, status) in [
        ("PUT", "/latest/api/token", vec![], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "0")], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "21601")], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "text")], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "60"), ("x-forwarded-for", "10.0.0.1")], 403),
        ("PUT", "/latest/api/token/", vec![(TTL, "60")], 403),
        ("GET", ROLES, vec![(TOKEN, token.as_str()), ("x-forwarded-for", "")], 403),
        ("GET", ROLES, vec![], 401),
        ("GET", ROLES, vec![(TOKEN, "another")], 401),
        ("GET", DOCUMENT, vec![], 401),
        ("GET", "/latest/meta-data/", vec![], 401),
        ("GET", "/latest/meta-data/", vec![(TOKEN, token.as_str())], 404),
        ("GET", "/latest/meta-data/iam/security-credentials", vec![(TOKEN, token.as_str())], 404),
        ("GET", "/latest/meta-data/iam/security-credentials/other", vec![(TOKEN, token.as_str())], 404),
        ("POST", ROLES, vec![(TOKEN, token.as_str())], 405),
    ] {
        let reply = simulator.metadata(method, path, &headers).await;
        assert_eq!(reply.status, status, "{method} {path} {headers:?}");
        let body = String::from_utf8(reply.body().to_vec()).unwrap();
        if status == 403 {
            assert_eq!((reply.header("content-type"), body.as_str()), ("text/plain", ""));
        } else {
            assert_eq!(reply.header("content-type"), "text/html");
            assert!(body.contains(&format!("<title>{status} - ")), "{body}");
        }
    }
    assert_eq!(simulator.get("/_simulator/credentials").await["issued"], json!([]));
}

#[tokio::test]
async fn tokens_come_to_their_end() {
    let simulator = Simulator::start().await;
    let token = simulator.metadata_token(1).await;
    assert_eq!(simulator.metadata("GET", ROLES, &[(TOKEN, &token)]).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(simulator.metadata("GET", ROLES, &[(TOKEN, &token)]).await.status, 401);
}

#[tokio::test]
async fn without_tokens_as_in_version_1() {
    let credentials =
        CredentialConfig { imds_v1: true, instance_role: "other/role".into(), ..CredentialConfig::default() };
    let simulator = Simulator::start_with(Config { credentials, ..Config::default() }).await;
    assert_eq!(&*simulator.metadata("GET", ROLES, &[]).await.body(), b"other/role");
    let path = format!("{ROLES}other/role");
    assert_eq!(simulator.metadata("GET", &path, &[]).await.status, 200);
    assert_eq!(simulator.metadata("GET", &path, &[(TOKEN, "another")]).await.status, 401);
    let token = simulator.metadata_token(60).await;
    assert_eq!(simulator.metadata("GET", &path, &[(TOKEN, &token)]).await.status, 200);
}

#[tokio::test]
async fn keys_stay_the_same_until_the_last_quarter_of_their_life() {
    let simulator = Simulator::start_with(short_lived(4)).await;
    let token = simulator.metadata_token(60).await;
    let key = async || simulator.metadata("GET", DOCUMENT, &[(TOKEN, &token)]).await.text("AccessKeyId");
    let first = key().await;
    assert_eq!(key().await, first);
    // They live at most five seconds, as they end at a whole one.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(key().await, first);
    tokio::time::sleep(Duration::from_millis(2400)).await;
    let second = key().await;
    assert_ne!(second, first);
    assert_eq!(key().await, second);
    let state = simulator.get("/_simulator/credentials").await;
    assert_eq!(state["issued"].as_array().unwrap().len(), 2);
    assert_eq!(state["calls"]["instanceMetadata"]["documents"], 5);
}

#[tokio::test]
async fn the_address_of_ipv6() {
    let simulator = Simulator::start().await;
    for host in ["[fd00:ec2::254]", "[fd00:ec2::254]:80", "169.254.169.254:8080"] {
        let headers = [("host", host.to_owned()), (TTL, "60".to_owned())];
        let reply = simulator.exchange("PUT", "/latest/api/token", &headers, Bytes::new()).await;
        assert_eq!(reply.status, 200, "{host}");
    }
}
