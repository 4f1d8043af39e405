//! The OIDC token endpoint, and what its tokens are good for.

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bedrock_simulator::config::ClientAuthentication;
use bytes::Bytes;
use serde_json::{Value, json};
use support::Simulator;
use support::credentials::{OIDC_HOST, short_lived};

const FORM: &str = "application/x-www-form-urlencoded";

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_gets_a_token_and_a_role_for_it() {
    let simulator = Simulator::start().await;
    let reply = simulator.client_credentials(&[]).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    let token = reply.text("access_token");
    assert_eq!(reply.json(), json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }));
    let said = claims(&token);
    assert_eq!((&said["aud"], &said["sub"]), (&json!(["bedrock-gateway"]), &json!("bedrock-gateway")));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 3600);
    let assumed = simulator.with_web_identity(&[("WebIdentityToken", &token)]).await;
    assert_eq!(assumed.text("Audience"), "bedrock-gateway");
    assert_eq!(simulator.send(&simulator.call_with(&assumed.keys())).await.status, 200);
}

#[tokio::test]
async fn scopes_and_audiences() {
    let simulator = Simulator::start().await;
    let reply = simulator.client_credentials(&[("scope", "openid aws"), ("audience", "sts.amazonaws.com")]).await;
    let (access, id) = (claims(&reply.text("access_token")), claims(&reply.text("id_token")));
    assert_eq!((&access["aud"], &access["scope"]), (&json!(["sts.amazonaws.com"]), &json!("openid aws")));
    assert_eq!(id["aud"], json!(["bedrock-gateway"]));
    for token in ["access_token", "id_token"] {
        let assumed = simulator.with_web_identity(&[("WebIdentityToken", &reply.text(token))]).await;
        assert_eq!(assumed.status, 200, "{token}");
    }
    let elsewhere = simulator.client_credentials(&[("scope", "openids"), ("audience", "elsewhere")]).await;
    assert!(elsewhere.json().get("id_token").is_none());
    let refused = simulator.with_web_identity(&[("WebIdentityToken", &elsewhere.text("access_token"))]).await;
    assert_eq!(refused.sts_error().2, "Incorrect token audience");
}

#[tokio::test]
async fn what_is_refused() {
    let simulator = Simulator::start().await;
    for (pair, status, error) in [
        (("grant_type", ""), 400, "invalid_request"),
        (("grant_type", "password"), 400, "unsupported_grant_type"),
        (("client_id", ""), 401, "invalid_client"),
        (("client_id", "another"), 401, "invalid_client"),
        (("client_secret", ""), 401, "invalid_client"),
        (("client_secret", "another"), 401, "invalid_client"),
        (("scope", "a\"b"), 400, "invalid_scope"),
    ] {
        let reply = simulator.client_credentials(&[pair]).await;
        assert_eq!((reply.status, reply.text("error").as_str()), (status, error), "{pair:?}");
        assert!(!reply.text("error_description").is_empty());
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let twice = "grant_type=client_credentials&grant_type=client_credentials".to_owned();
    assert_eq!(simulator.form(OIDC_HOST, "/token", twice).await.text("error"), "invalid_request");
    assert_eq!(simulator.form(OIDC_HOST, "/authorize", String::new()).await.status, 404);
    let host = ("host", OIDC_HOST.to_owned());
    assert_eq!(simulator.exchange("GET", "/token", std::slice::from_ref(&host), Bytes::new()).await.status, 405);
    let json = simulator.exchange("POST", "/token", &[host], Bytes::from("{}")).await;
    assert_eq!((json.status, json.text("error").as_str()), (400, "invalid_request"));
    // RFC 6749 has parameters overlooked that are not known.
    assert_eq!(simulator.client_credentials(&[("resource", "a")]).await.status, 200);
}

/// RFC 6749 2.3.1: in the form, or form-encoded in a header; never both.
#[tokio::test]
async fn ways_to_show_the_secret() {
    let basic = |pair: &str| ("authorization", format!("Basic {}", STANDARD.encode(pair)));
    let good = || basic("bedrock%2Dgateway:oidc-client-secret-example");
    let in_form = "&client_id=bedrock-gateway&client_secret=oidc-client-secret-example";
    let bearer = || ("authorization", "Bearer YTpi".to_owned());
    let refused = (401, "invalid_client");
    for (only, header, form, expected) in [
        (None, None, in_form, (200, "")),
        (None, Some(good()), "", (200, "")),
        (None, Some(good()), in_form, (400, "invalid_request")),
        (None, Some(basic("bedrock-gateway:another")), "", refused),
        (None, Some(basic("bedrock-gateway")), "", refused),
        (None, Some(bearer()), "", refused),
        (None, None, "", refused),
        (Some(ClientAuthentication::Form), None, in_form, (200, "")),
        (Some(ClientAuthentication::Form), Some(good()), "", refused),
        (Some(ClientAuthentication::Basic), None, in_form, refused),
        (Some(ClientAuthentication::Basic), Some(good()), "", (200, "")),
    ] {
        let mut config = short_lived(7);
        config.credentials.oidc_authentication = only;
        let simulator = Simulator::start_with(config).await;
        let mut headers = vec![("host", OIDC_HOST.to_owned()), ("content-type", FORM.to_owned())];
        headers.extend(header);
        let body = format!("grant_type=client_credentials{form}");
        let reply = simulator.exchange("POST", "/token", &headers, body.clone().into()).await;
        let error = if reply.status == 200 { String::new() } else { reply.text("error") };
        assert_eq!((reply.status, error.as_str()), expected, "{only:?} {headers:?} {body}");
    }
}

#[tokio::test]
async fn lives_of_tokens() {
    let simulator = Simulator::start_with(short_lived(7)).await;
    let reply = simulator.client_credentials(&[("scope", "openid")]).await;
    assert_eq!(reply.json()["expires_in"], 7);
    let said = claims(&reply.text("id_token"));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 7);
}
