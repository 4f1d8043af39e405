//! `assumeRole`: on top of what, and signed how. AWS's own signer is the oracle.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bedrock_messages::aws::credentials::assume_role::AssumeRole;
use bedrock_messages::aws::credentials::{AccessKey, Call, Credentials, Provider, Secret};
use proptest::prelude::*;

use crate::play::{NOON, ONE, access_key, drive, fetched, play, refused, shows_nothing, told};
use crate::sources::{
    CONTAINER_TOKEN, DOCUMENT, FILE, ROLE_CALL, WEB_CALL, assume_role, container, document_key, fixed,
    instance_metadata, mounted_file, role, sts, sts_answer, sts_key, web_by_value,
};

/// The signature of AWS's own signer for what a call sends.
fn oracle(call: &Call, key: &AccessKey, region: &str, at: u64) -> String {
    let token = key.session_token.as_ref().map(|token| token.expose().to_owned());
    let secret = key.secret_access_key.expose();
    let identity = aws_credential_types::Credentials::new(&key.access_key_id, secret, token, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(UNIX_EPOCH + Duration::from_secs(at))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let uri = format!("https://{}{}", call.host, call.path);
    let headers = [("host", call.host.as_str()), ("content-type", header(call, "content-type").unwrap())];
    let body = SignableBody::Bytes(call.body.expose().as_bytes());
    let request = SignableRequest::new(call.method, &uri, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

fn header<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let mut values = call.headers.iter().filter(|(known, _)| *known == name);
    let (first, second) = (values.next(), values.next());
    assert!(second.is_none(), "{name} twice");
    first.map(|(_, value)| value.expose())
}

/// A call is signed with this key.
fn is_signed(call: &Call, key: &AccessKey) {
    assert_eq!(header(call, "authorization"), Some(oracle(call, key, "us-east-1", NOON).as_str()));
    assert_eq!(header(call, "x-amz-date"), Some("20261122T120000Z"));
    assert_eq!(header(call, "x-amz-security-token"), key.session_token.as_ref().map(Secret::expose));
}

#[test]
fn over_every_source() {
    let role_answer = || told(200, sts_answer("AssumeRole"));
    let outcome = play(&assume_role(fixed()), &[(ROLE_CALL, role_answer())]);
    assert_eq!(outcome, fetched("assumeRole of static", sts_key(), Some(ONE)));

    let token_key = || access_key("ASIASTATIC", "s3cr3t/temporary", Some("s3cr3t/token+=="));
    let with_token = Provider::Fixed("environment", Ok(Credentials::AccessKey(token_key())));
    let file_key = access_key("AKIDFILE", "s3cr3t/file", None);
    for (source, before, key, name) in [
        (fixed(), vec![], access_key("AKIDSTATIC", "s3cr3t/static", None), "static"),
        (with_token, vec![], token_key(), "environment"),
        (web_by_value(), vec![sts_answer("AssumeRoleWithWebIdentity")], sts_key(), "webIdentity"),
        (container(Some(CONTAINER_TOKEN)), vec![DOCUMENT.to_owned()], document_key(), "container"),
        (
            instance_metadata(Some("gateway"), false),
            vec!["s3cr3t-one".to_owned(), DOCUMENT.to_owned()],
            document_key(),
            "instanceMetadata",
        ),
        (mounted_file(), vec![FILE.to_owned()], file_key, "credentialsFile"),
        (assume_role(fixed()), vec![sts_answer("AssumeRole")], sts_key(), "assumeRole of static"),
        (Provider::Chain(vec![fixed()]), vec![], access_key("AKIDSTATIC", "s3cr3t/static", None), "chain: static"),
    ] {
        let own = sts_answer("AssumeRole").replace("ASIASTS", "ASIAROLE").replace("13:00:00Z", "12:15:00Z");
        let count = before.len() + 1;
        let mut answers = before.into_iter().chain([own]);
        let (calls, outcome) = drive(&assume_role(source), |_| told(200, answers.next().unwrap()));
        assert_eq!(calls.len(), count);
        is_signed(&calls[count - 1], &key);
        let role_key = access_key("ASIAROLE", "s3cr3t/sts+=", Some("s3cr3t//sts=="));
        assert_eq!(outcome, fetched(&format!("assumeRole of {name}"), role_key, Some(NOON + 900)));
    }
}

/// A role by way of another: each call with the key that the call before it gave.
#[test]
fn over_roles_twice() {
    let provider = assume_role(assume_role(web_by_value()));
    let ids = ["ASIAWEB", "ASIAONE", "ASIATWO"];
    let mut numbers = 0..;
    let (calls, outcome) = drive(&provider, |_| {
        let number = numbers.next().unwrap();
        let token = format!("s3cr3t//sts{number}==");
        told(200, sts_answer("AssumeRole").replace("ASIASTS", ids[number]).replace("s3cr3t//sts==", &token))
    });
    let key = |number: usize| access_key(ids[number], "s3cr3t/sts+=", Some(&format!("s3cr3t//sts{number}==")));
    assert_eq!(calls.len(), 3);
    assert_eq!(header(&calls[0], "authorization"), None, "the token says who asks");
    is_signed(&calls[1], &key(0));
    is_signed(&calls[2], &key(1));
    assert_eq!(outcome, fetched("assumeRole of assumeRole of webIdentity", key(2), Some(ONE)));
}

#[test]
fn the_source_s_errors_are_its_own() {
    let missing = Provider::Fixed("environment", Err("AWS_ACCESS_KEY_ID is not set".to_owned()));
    let api_key = || Provider::Fixed("apiKey", Ok(Credentials::ApiKey(Secret::new("s3cr3t-api-key"))));
    for (provider, said) in [
        (assume_role(missing), "assumeRole: environment: AWS_ACCESS_KEY_ID is not set"),
        (assume_role(api_key()), "assumeRole: apiKey: a Bedrock API key cannot assume a role"),
        (
            assume_role(Provider::Chain(vec![api_key()])),
            "assumeRole: chain: apiKey: a Bedrock API key cannot assume a role",
        ),
        (assume_role(assume_role(api_key())), "assumeRole: assumeRole: apiKey: a Bedrock API key cannot assume a role"),
    ] {
        assert_eq!(refused(&provider, &[]), (said.to_owned(), None));
    }
    let answer = told(403, "<a><Code>AccessDenied</Code><Message>no trust</Message></a>");
    let said = refused(&assume_role(web_by_value()), &[(WEB_CALL, answer.clone())]);
    let detail = Some("no trust".to_owned());
    assert_eq!(said, ("assumeRole: webIdentity: STS answered 403 AccessDenied".to_owned(), detail.clone()));
    let said = refused(&assume_role(fixed()), &[(ROLE_CALL, answer)]);
    assert_eq!(said, ("assumeRole: STS answered 403 AccessDenied".to_owned(), detail));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_signature_is_that_of_aws_own_signer(
        secret in "[!-~]{1,80}",
        token in prop::option::of("[!-~]{1,200}"),
        host in "(sts|[a-z0-9.-]{1,20})\\.amazonaws\\.com(:[1-9][0-9]{1,3})?",
        region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
        external_id in prop::option::of("[A-Za-z0-9_+=,.@:/-]{2,40}"),
        duration_seconds in prop::option::of(900_u32..43_200),
        policy in prop::option::of("\\{[ -~éß😀]{0,40}\\}"),
        session_name in "[A-Za-z0-9_+=,.@-]{2,64}",
    ) {
        prop_assume!(!host.starts_with(['.', '-']) && !host.contains("..") && !host.contains(":443"));
        let mut place = sts();
        (place.host, place.region) = (host, region.clone());
        let mut role = role();
        (role.session_name, role.duration_seconds, role.policy) = (session_name.clone(), duration_seconds, policy.clone());
        let key = access_key("AKIDSTATIC", &secret, token.as_deref());
        let source = Provider::Fixed("static", Ok(Credentials::AccessKey(key.clone())));
        let assume = AssumeRole { sts: place, role, external_id: external_id.clone(), source };
        let (calls, outcome) = drive(&Provider::AssumeRole(Box::new(assume)), |_| told(200, sts_answer("AssumeRole")));
        prop_assert!(outcome.is_ok());
        let [call] = &calls[..] else { panic!("{calls:?}") };
        let expected = oracle(call, &key, &region, NOON);
        prop_assert_eq!(header(call, "authorization"), Some(expected.as_str()));

        // The form says what is configured, each field once.
        let mut form = vec![
            ("Action", "AssumeRole".to_owned()),
            ("Version", "2011-06-15".to_owned()),
            ("RoleArn", "arn:aws:iam::123456789012:role/bedrock".to_owned()),
            ("RoleSessionName", session_name),
        ];
        form.extend(duration_seconds.map(|seconds| ("DurationSeconds", seconds.to_string())));
        form.extend(policy.map(|policy| ("Policy", policy)));
        form.extend(external_id.map(|id| ("ExternalId", id)));
        let decoded: Vec<(&str, String)> = call.body.expose().split('&').map(|field| {
            let (name, value) = field.split_once('=').unwrap();
            (name, percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned())
        }).collect();
        prop_assert_eq!(decoded, form);
        shows_nothing(&format!("{call:?}"));
    }
}
