//! `credentials` of the configuration that can never give anything: the configuration stands, and requests are told what is
//! missing. All other sources are in `config_credentials.rs`.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::aws::credentials::Provider;
use bedrock_messages::config::Source;
use configuration::parse_in;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:iam::123456789012:role/bedrock";
const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT");
const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const AUTHORIZATION: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

fn read_in(credentials: &Value, variables: &[(&str, &str)]) -> Source {
    let whole = json!({ "credentials": credentials }).to_string();
    let outcome = parse_in(&whole, &[variables, &[("AWS_REGION", "us-east-1")]].concat());
    outcome.map(|config| config.credentials).unwrap()
}

fn provider_in(credentials: &Value, variables: &[(&str, &str)]) -> Provider {
    match read_in(credentials, variables) {
        Source::Fetched(provider) => (*provider).clone(),
        other => panic!("{credentials}: {other:?}"),
    }
}

fn missing_in(credentials: &Value, variables: &[(&str, &str)]) -> String {
    match read_in(credentials, variables) {
        Source::Missing(reason) => reason,
        other => panic!("{credentials}: {other:?}"),
    }
}

fn static_key() -> Value {
    json!({ "type": "static", "accessKeyId": "A", "secretAccessKey": "s3cret" })
}

/// What can never give anything is asked for nothing: requests are told at once what is missing. It may come with the next
/// start, so the configuration stands.
#[test]
fn sources_that_can_never_give_anything() {
    let role =
        |source: Value| json!({ "type": "assumeRole", "roleArn": ARN, "sts": { "cluster": "sts" }, "source": source });
    let chain = |providers: Value| json!({ "type": "chain", "providers": providers });
    let environment = || json!({ "type": "environment" });
    let container = || json!({ "type": "container", "cluster": "ecs" });
    let file = json!({ "type": "credentialsFile", "environmentVariable": "AWS_FILE" });
    let unset = "credentialsFile: credentials file in the variable AWS_FILE: not set";
    let secret = "environment: AWS_SECRET_ACCESS_KEY is not set";
    let uri = format!("container: neither {RELATIVE} nor {FULL} is set, and no path is configured");
    for (written, reason) in [
        (chain(json!([environment(), file])), format!("chain: {secret}; {unset}")),
        (role(environment()), format!("assumeRole: {secret}")),
        (role(container()), format!("assumeRole: {uri}")),
        (role(role(environment())), format!("assumeRole: assumeRole: {secret}")),
        (chain(json!([role(environment())])), format!("chain: assumeRole: {secret}")),
        (chain(json!([chain(json!([environment()])), container()])), format!("chain: {secret}; {uri}")),
        (role(chain(json!([environment(), container()]))), format!("assumeRole: chain: {secret}; {uri}")),
    ] {
        assert_eq!(missing_in(&written, &[KEY]), reason, "{written}");
    }
    // In a chain that has another it is passed.
    let metadata = json!({ "type": "instanceMetadata", "cluster": "imds" });
    for written in [chain(json!([role(environment()), metadata])), role(chain(json!([environment(), metadata])))] {
        provider_in(&written, &[KEY]);
    }
    let known = read_in(&chain(json!([role(environment()), chain(json!([static_key()]))])), &[KEY]);
    assert!(matches!(known, Source::Ready(_)), "{known:?}");
}

/// Variables that cannot be used do not fail the configuration; requests are told which.
#[test]
fn variables_of_a_container() {
    const PATH: &str = "expected a path such as /v1/credentials, percent-encoded";
    const HOST: &str = "expected a host such as bedrock.example.com or 127.0.0.1:8080, without scheme and path";
    const PLAIN: &str = "expected https://, or one of 169.254.170.2, 169.254.170.23, [fd00:ec2::23] and loopback";
    let bare = json!({ "type": "container", "cluster": "ecs" });
    let neither = format!("neither {RELATIVE} nor {FULL} is set, and no path is configured");
    for (variables, reason) in [
        (&[][..], neither.clone()),
        (&[(RELATIVE, ""), (FULL, " \n")], neither),
        (&[(RELATIVE, "s3cret")], format!("{RELATIVE}: {PATH}")),
        (&[(RELATIVE, "http://169.254.170.2/s3cret")], format!("{RELATIVE}: {PATH}")),
        (&[(RELATIVE, "/s3cret\r\nx-injected: y")], format!("{RELATIVE}: {PATH}")),
        (&[(RELATIVE, "/s3cret path")], format!("{RELATIVE}: {PATH}")),
        (&[(RELATIVE, "/s3cretü")], format!("{RELATIVE}: {PATH}")),
        // The one that wins is the one that is wrong.
        (&[(RELATIVE, "s3cret"), (FULL, "http://localhost/")], format!("{RELATIVE}: {PATH}")),
        (&[(FULL, "s3cret")], format!("{FULL}: expected a URI that begins with http:// or https://")),
        (&[(FULL, "http://s3cret.example.com/")], format!("{FULL}: {PLAIN}")),
        (&[(FULL, "http://169.254.169.254/s3cret")], format!("{FULL}: {PLAIN}")),
        (&[(FULL, "https://user:s3cret@example.com/")], format!("{FULL}: expected a host in the URI, without a user")),
        (&[(FULL, "http://localhost/s3cret\r\nx-injected: y")], format!("{FULL}: {PATH}")),
        (&[(FULL, "http://localhost/s3cret path")], format!("{FULL}: {PATH}")),
        (&[(FULL, "https://s3cret\"example/")], format!("{FULL}: {HOST}")),
        (&[(FULL, "http://localhost:s3cret/")], format!("{FULL}: {HOST}")),
        (
            &[(RELATIVE, "/x"), (AUTHORIZATION, "s3cret\r\nx-injected: y")],
            format!(
                "{AUTHORIZATION}: expected a header's value: not empty, no control characters, no spaces around it"
            ),
        ),
    ] {
        assert_eq!(missing_in(&bare, variables), reason, "{variables:?}");
        // In a chain the next one is asked; what is missing there is an error of its own.
        let imds = json!({ "type": "instanceMetadata", "cluster": "imds" });
        let chain = json!({ "type": "chain", "providers": [bare, imds] });
        let Provider::Chain(sources) = provider_in(&chain, variables) else { panic!() };
        assert_eq!(sources.first(), Some(&Provider::Fixed("container", Err(reason))));
    }
}

#[test]
fn instance_metadata_that_is_disabled() {
    let metadata = json!({ "type": "instanceMetadata", "cluster": "imds" });
    for value in ["true", "TRUE", " True\n"] {
        let reason = missing_in(&metadata, &[("AWS_EC2_METADATA_DISABLED", value)]);
        assert_eq!(reason, "AWS_EC2_METADATA_DISABLED is true");
    }
}
