//! SigV4 against AWS's own suite, vectors shaped like Bedrock's requests, and AWS's own signer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SigningSettings};
use aws_sigv4::sign::v4;
use bedrock_messages::aws::credentials::{AccessKey, Secret};
use bedrock_messages::aws::sigv4::{self, SignableRequest, Signer};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use time::{Date, Month};

const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn key(session_token: Option<&str>) -> AccessKey {
    AccessKey {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: Secret::new(SECRET),
        session_token: session_token.map(Secret::new),
    }
}

/// A request of the suite as it was sent, and what was to come of it.
struct Case {
    name: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    amz_date: String,
    authorization: String,
    region: String,
    service: String,
    session_token: Option<String>,
    canonical_request: String,
    string_to_sign: String,
}

impl Case {
    fn read(directory: &Path) -> Self {
        let file = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
        let context: serde_json::Value = match fs::read_to_string(directory.join("context.json")) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(_) => serde_json::json!({"region": "us-east-2", "service": "lambda"}), // double-url-encode has none
        };
        let omit_token = context["omit_session_token"].as_bool().unwrap_or(false);
        let session_token = context["credentials"]["token"].as_str().filter(|_| !omit_token).map(str::to_owned);

        let sent = file("header-signed-request.txt");
        let (head, body) = sent.split_once("\n\n").unwrap_or((&sent, ""));
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None => headers.last_mut().unwrap().1.push_str(&format!("\n{line}")),
            }
        }
        let mut take = |name: &str| {
            let at = headers.iter().position(|(n, _)| n == name)?;
            Some(headers.remove(at).1.trim().to_owned())
        };
        let amz_date = take("x-amz-date").unwrap();
        let authorization = take("authorization").unwrap();
        take("x-amz-security-token");

        Self {
            name: directory.file_name().unwrap().to_string_lossy().into_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.to_owned(),
            amz_date,
            authorization,
            region: context["region"].as_str().unwrap().to_owned(),
            service: context["service"].as_str().unwrap().to_owned(),
            session_token,
            canonical_request: file("header-canonical-request.txt").trim_end_matches('\n').to_owned(),
            string_to_sign: file("header-string-to-sign.txt").trim_end().to_owned(),
        }
    }

    fn unix_seconds(&self) -> u64 {
        let number = |range: std::ops::Range<usize>| self.amz_date.get(range).unwrap().parse::<u8>().unwrap();
        let year = self.amz_date[..4].parse().unwrap();
        let date = Date::from_calendar_date(year, Month::try_from(number(4..6)).unwrap(), number(6..8)).unwrap();
        let at = date.with_hms(number(9..11), number(11..13), number(13..15)).unwrap().assume_utc();
        at.unix_timestamp().try_into().unwrap()
    }
}

#[test]
fn the_suite_of_aws_step_by_step() {
    let mut cases = 0;
    for entry in fs::read_dir("tests/vectors/sigv4").unwrap() {
        let directory = entry.unwrap().path();
        if !directory.is_dir() {
            continue;
        }
        let case = Case::read(&directory);
        let name = &case.name;
        let headers: Vec<(&str, &str)> = case.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let request = SignableRequest {
            method: &case.method,
            path: &case.path,
            query: &case.query,
            headers: &headers,
            payload_sha256: Sha256::digest(&case.body).into(),
        };
        let token = case.session_token.as_deref();
        let date = &case.amz_date[..8];
        let (_, signature) = case.authorization.rsplit_once('=').unwrap();

        let canonical = sigv4::canonical_request(&request, &case.amz_date, token);
        assert_eq!(canonical, case.canonical_request, "{name}");
        let scope = sigv4::scope(date, &case.region, &case.service);
        let to_sign = sigv4::string_to_sign(&case.amz_date, &scope, &canonical);
        assert_eq!(to_sign, case.string_to_sign, "{name}");
        let signing_key = sigv4::signing_key(SECRET, date, &case.region, &case.service);
        assert_eq!(sigv4::signature(&signing_key, &to_sign), signature, "{name}");
        let signed_headers = sigv4::signed_headers(&request, token);
        let authorization = sigv4::authorization(ACCESS_KEY_ID, &scope, &signed_headers, signature);
        assert_eq!(authorization, case.authorization, "{name}");

        assert_eq!(sigv4::amz_date(case.unix_seconds()), case.amz_date, "{name}");
        let signed = Signer::new(&case.region, &case.service).sign(&request, &key(token), case.unix_seconds());
        assert_eq!(signed.authorization, case.authorization, "{name}");
        assert_eq!(signed.amz_date, case.amz_date, "{name}");
        cases += 1;
    }
    assert_eq!(cases, 32);
}

/// Expected values by botocore 1.44.5.
#[test]
fn requests_to_bedrock() {
    const NOON: u64 = 1_795_348_800; // 2026-11-22T12:00:00Z
    let body =
        br#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}"#;
    let payload_sha256: [u8; 32] = Sha256::digest(body).into();
    assert_eq!(hex::encode(payload_sha256), "616eb59224eb795b641b4c541ad9ee8b939a1e8798f73b54fce66bb79ddbb992");

    let plain = [("host", "bedrock-runtime.us-east-1.amazonaws.com"), ("content-type", "application/json")].as_slice();
    let guarded = [
        ("x-amzn-bedrock-guardrailversion", "DRAFT"),
        ("host", "bedrock-runtime.us-east-1.amazonaws.com"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("x-amzn-bedrock-guardrailidentifier", "gr123"),
    ];
    let plain_names = "content-type;host;x-amz-date";
    let guarded_names = "accept;content-type;host;x-amz-date;x-amz-security-token;\
                         x-amzn-bedrock-guardrailidentifier;x-amzn-bedrock-guardrailversion";
    let cases = [
        (
            "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
            plain,
            None,
            plain_names,
            "5777fd730ec66303c1174ceec3741cc5437490569ab57659ff50cd2a9888f3fe",
            "919c83c7c7766583535244e3438ecfa70b8e0d75a6ea4546ad96aa5b91b1df3c",
        ),
        (
            "/model/anthropic.claude-haiku-4-5-20251001-v1:0/invoke",
            plain,
            None,
            plain_names,
            "0f00e7d2fed740512fe43450808ed5096767f33cb88d54fa8a17b0109fba74e2",
            "21ae9fb309715a69c589f59aca2e86f525bcd880aa44b79e6fe9fb990cd759b6",
        ),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabcdef123456\
             /invoke-with-response-stream",
            plain,
            None,
            plain_names,
            "815212d1c27e622002dc2b61ac9d99e073f95adec0b6f3124e30f482de3bcfc5",
            "55e9453d00b82f36b19d3626a2603a34efe51d948750a9cf0b7e6ab16b3d0d76",
        ),
        (
            "/model/us.anthropic.claude-sonnet-4-6/invoke",
            guarded.as_slice(),
            Some("TOKENEXAMPLE/+="),
            guarded_names,
            "64608f5aaf91a050c338a300863ddeae5af6f9f0fa6f942454626dba13d4fe9d",
            "803e153709fef58cdcad0cfd8ca84b9e8ba9af260f79b99a02e6e66b9e10db86",
        ),
    ];
    let mut signer = Signer::new("us-east-1", "bedrock");
    for (path, headers, token, names, canonical_sha256, signature) in cases {
        let request = SignableRequest { method: "POST", path, query: "", headers, payload_sha256 };
        let canonical = sigv4::canonical_request(&request, "20261122T120000Z", token);
        assert_eq!(hex::encode(Sha256::digest(canonical)), canonical_sha256, "{path}");
        assert_eq!(sigv4::signed_headers(&request, token), names, "{path}");
        let signed = signer.sign(&request, &key(token), NOON);
        assert_eq!(signed.amz_date, "20261122T120000Z");
        let scope = "20261122/us-east-1/bedrock/aws4_request";
        assert_eq!(signed.authorization, sigv4::authorization(ACCESS_KEY_ID, scope, names, signature), "{path}");
    }
}

#[test]
fn the_cached_key_follows_the_day_and_the_access_key() {
    let headers = [("host", "example.amazonaws.com")];
    let request = SignableRequest { method: "GET", path: "/", query: "", headers: &headers, payload_sha256: [0; 32] };
    let fresh = |key: &AccessKey, at| Signer::new("us-east-1", "bedrock").sign(&request, key, at);
    let mut signer = Signer::new("us-east-1", "bedrock");

    let first = key(None);
    let renewed = AccessKey { access_key_id: "AKIDRENEWED".to_owned(), ..first.clone() };
    let corrected = AccessKey { secret_access_key: Secret::new("x".repeat(100)), ..renewed.clone() };
    for key in [&first, &renewed, &corrected, &first] {
        for at in [0, 86_399, 86_400, 1_795_348_800, u64::MAX] {
            assert_eq!(signer.sign(&request, key, at), fresh(key, at));
        }
    }
}

#[test]
fn no_secret_is_in_debug_output() {
    let mut signer = Signer::new("us-east-1", "bedrock");
    let request = SignableRequest { method: "GET", path: "/", query: "", headers: &[], payload_sha256: [0; 32] };
    signer.sign(&request, &key(Some("TOKEN")), 0);
    assert_eq!(
        format!("{signer:?}"),
        r#"Signer { region: "us-east-1", service: "bedrock", derived: Some(Derived { scope: "19700101/us-east-1/bedrock/aws4_request", .. }) }"#
    );
}

/// The `authorization` of AWS's own signer.
fn oracle(path_and_query: &str, headers: &[(&str, &str)], token: Option<&str>, body: &[u8], at: u64) -> String {
    let identity = Credentials::new(ACCESS_KEY_ID, SECRET, token.map(str::to_owned), None, "test").into();
    // Its defaults are what every service but S3 takes: double encoding, a normalised path, the token signed.
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-3")
        .name("bedrock")
        .time(UNIX_EPOCH + Duration::from_secs(at))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = format!("https://bedrock-runtime.eu-west-3.amazonaws.com{path_and_query}");
    let request =
        aws_sigv4::http_request::SignableRequest::new("POST", &uri, headers.iter().copied(), SignableBody::Bytes(body))
            .unwrap();
    let (instructions, _) = aws_sigv4::http_request::sign(request, &params).unwrap().into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9._~:@!$&'()*,;=+-]{0,12}",
        "(%3A|%2F|%25|%E1%88%B4|[a-z0-9.-]){1,12}",
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just(String::new()),
        "[a-zé漢😀ሴ]{1,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_signature_is_that_of_aws_own_signer(
        segments in prop::collection::vec(segment(), 0..6),
        members in prop::collection::vec(("[a-zA-Z0-9._~-]{1,6}|(%3A|%2f|a){1,3}", "[a-zA-Z0-9._~ é%-]{0,6}"), 0..4),
        names in prop::collection::vec(("x-amzn-[a-z]{1,8}|accept|content-type", " {0,3}[!-~]{0,5} {0,3}[!-~]{0,5} {0,3}"), 0..6),
        token in prop::option::of("[A-Za-z0-9/+=]{1,80}"),
        body in prop::collection::vec(any::<u8>(), 0..200),
        at in 0_u64..253_402_300_799,
    ) {
        let path = format!("/{}", segments.join("/"));
        // A lone percent sign is no escape; encode what is no legal part of a URI.
        let query: Vec<String> =
            members.iter().map(|(n, v)| format!("{n}={}", v.replace('%', "%25").replace(' ', "%20"))).collect();
        let query = query.join("&");
        let mut headers = vec![("host", "bedrock-runtime.eu-west-3.amazonaws.com")];
        headers.extend(names.iter().map(|(n, v)| (n.as_str(), v.as_str())));

        let request = SignableRequest {
            method: "POST",
            path: &path,
            query: &query,
            headers: &headers,
            payload_sha256: Sha256::digest(&body).into(),
        };
        let signed = Signer::new("eu-west-3", "bedrock").sign(&request, &key(token.as_deref()), at);
        let separator = if query.is_empty() { "" } else { "?" };
        let expected = oracle(&format!("{path}{separator}{query}"), &headers, token.as_deref(), &body, at);
        prop_assert_eq!(signed.authorization, expected);
    }
}
