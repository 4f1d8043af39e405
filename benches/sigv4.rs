//! What signing one request costs, the body's hash apart.

use bedrock_messages::aws::credentials::{AccessKey, Secret};
use bedrock_messages::aws::sigv4::{SignableRequest, Signer};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

#[divan::bench]
fn sign_with_a_session_token(bencher: Bencher<'_, '_>) {
    let token = "x".repeat(900);
    let key = AccessKey {
        access_key_id: "ASIAEXAMPLEEXAMPLE12".to_owned(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: Some(Secret::new(token)),
    };
    let headers = [("host", "bedrock-runtime.us-east-1.amazonaws.com"), ("content-type", "application/json")];
    let request = SignableRequest {
        method: "POST",
        path: "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke-with-response-stream",
        query: "",
        headers: &headers,
        payload_sha256: [7; 32],
    };
    let mut signer = Signer::new("us-east-1", "bedrock");
    bencher.bench_local(|| signer.sign(black_box(&request), &key, 1_795_348_800));
}
