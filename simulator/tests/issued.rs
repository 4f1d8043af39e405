//! The keys that were handed out: as long as they live Bedrock accepts them.

mod support;

use std::time::Duration;

use serde_json::json;
use support::credentials::{DOCUMENT, short_lived};
use support::{Simulator, ask};

const BAD_TOKEN: &str = "The security token included in the request is invalid.";

fn refusal(name: &str, message: &str) -> (u16, String, String) {
    (403, name.to_owned(), message.to_owned())
}

#[tokio::test]
async fn keys_of_every_service_sign() {
    let simulator = Simulator::start().await;
    let token = simulator.metadata_token(60).await;
    let replies = [
        ("sts", simulator.web_identity().await.1),
        ("sts", simulator.send(&simulator.assume_role(&[])).await),
        ("container", simulator.container("/v1/credentials", Some("container-token-example")).await),
        ("instanceMetadata", simulator.metadata("GET", DOCUMENT, &[("x-aws-ec2-metadata-token", &token)]).await),
    ];
    for (index, (service, reply)) in replies.iter().enumerate() {
        let keys = reply.keys();
        for _ in 0..=index {
            assert_eq!(simulator.send(&simulator.call_with(&keys)).await.status, 200, "{service}");
        }
        let listed = &simulator.get("/_simulator/credentials").await["issued"][index];
        assert_eq!(listed["accessKeyId"], keys.access_key_id.as_str());
        assert_eq!((&listed["service"], &listed["uses"]), (&json!(service), &json!(index + 1)));
        assert_eq!(listed["expiresAt"].as_u64().unwrap() % 1000, 0);
        assert!(listed["issuedAt"].as_u64() < listed["expiresAt"].as_u64());
        assert_eq!(listed.as_object().unwrap().len(), 5);
    }
    // The permanent key is as good as ever.
    assert_eq!(simulator.invoke(&ask("hi")).await.status, 200);
    let scope = simulator.get("/_simulator/last").await["auth"].as_str().unwrap().to_owned();
    assert!(scope.starts_with("SigV4 verified AKIDEXAMPLE "), "{scope}");
}

#[tokio::test]
async fn the_token_belongs_to_the_keys() {
    let simulator = Simulator::start().await;
    let (keys, _) = simulator.web_identity().await;
    let (others, _) = simulator.web_identity().await;
    for token in [None, others.session_token, Some("token".into())] {
        let mut call = simulator.call_with(&keys);
        call.config.keys.session_token = token;
        assert_eq!(simulator.send(&call).await.refusal(), refusal("UnrecognizedClientException", BAD_TOKEN));
    }
    let mut wrong = simulator.call_with(&keys);
    wrong.config.keys.secret_access_key = others.secret_access_key;
    assert_eq!(simulator.send(&wrong).await.refusal().1, "InvalidSignatureException");
    let mut unknown = simulator.call_with(&keys);
    unknown.config.keys.access_key_id = "ASIAAAAAAAAAAAAAAAAA".into();
    assert_eq!(simulator.send(&unknown).await.refusal(), refusal("UnrecognizedClientException", BAD_TOKEN));
    let state = simulator.get("/_simulator/credentials").await;
    assert_eq!((&state["issued"][0]["uses"], &state["expiredUses"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn keys_come_to_their_end() {
    let simulator = Simulator::start_with(short_lived(2)).await;
    let (keys, _) = simulator.web_identity().await;
    assert_eq!(simulator.send(&simulator.call_with(&keys)).await.status, 200);
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let expired = "The security token included in the request is expired";
    let refused = simulator.send(&simulator.call_with(&keys)).await.refusal();
    assert_eq!(refused, refusal("ExpiredTokenException", expired));
    let mut other_token = simulator.call_with(&keys);
    other_token.config.keys.session_token = None;
    assert_eq!(simulator.send(&other_token).await.refusal().1, "UnrecognizedClientException");
    let state = simulator.get("/_simulator/credentials").await;
    assert_eq!((&state["issued"][0]["uses"], &state["expiredUses"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_reset_forgets_counts_and_requests_but_no_keys() {
    let simulator = Simulator::start().await;
    let (keys, _) = simulator.web_identity().await;
    let token = simulator.metadata_token(60).await;
    assert_eq!(simulator.send(&simulator.call_with(&keys)).await.status, 200);
    simulator.reset().await;
    let state = simulator.get("/_simulator/credentials").await;
    assert_eq!(state["calls"]["sts"], json!({ "total": 0, "ok": 0, "at": [] }));
    assert_eq!(state["calls"]["instanceMetadata"], json!({ "total": 0, "ok": 0, "at": [], "documents": 0 }));
    assert_eq!((&state["issued"][0]["uses"], &state["expiredUses"]), (&json!(0), &json!(0)));
    assert_eq!(simulator.get("/_simulator/credentials/requests").await["requests"], json!([]));
    assert_eq!(simulator.send(&simulator.call_with(&keys)).await.status, 200);
    let document = simulator.metadata("GET", DOCUMENT, &[("x-aws-ec2-metadata-token", &token)]).await;
    assert_eq!(document.status, 200);
}

#[tokio::test]
async fn calls_are_counted_and_kept_apart_from_bedrocks() {
    let simulator = Simulator::start().await;
    let before = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    simulator.web_identity().await;
    simulator.unsigned(&[]).await;
    simulator.container("/v1/credentials", None).await;
    let calls = simulator.get("/_simulator/credentials").await["calls"].clone();
    for (service, total, ok) in [("sts", 2, 1), ("container", 1, 0), ("oidc", 0, 0), ("instanceMetadata", 0, 0)] {
        let count = &calls[service];
        assert_eq!((&count["total"], &count["ok"]), (&json!(total), &json!(ok)), "{service}");
        let at: Vec<u64> = serde_json::from_value(count["at"].clone()).unwrap();
        assert!(at.len() == total && at.is_sorted() && at.iter().all(|at| (before..before + 60_000).contains(at)));
    }
    assert_eq!(simulator.exchange("GET", "/_simulator/last", &[], Default::default()).await.status, 404);
    assert_eq!(simulator.get("/_simulator/requests").await, json!({ "requests": [], "last": 0 }));
    let kept = simulator.get("/_simulator/credentials/requests?after=1").await;
    assert_eq!(kept["requests"].as_array().unwrap().len(), 2);
    let first = &simulator.get("/_simulator/credentials/requests").await["requests"][0];
    assert_eq!((&first["number"], &first["method"], &first["status"]), (&json!(1), &json!("POST"), &json!(200)));
    assert_eq!(first["host"], support::credentials::STS_HOST);
    assert!(first["bodyLength"].as_u64() > Some(100) && first["body"].as_str().unwrap().len() > 100);
    let auth = first["auth"].as_str().unwrap();
    assert!(auth.starts_with("issued ASIA"), "{auth}");
}
