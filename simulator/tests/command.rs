//! The binary: its line on stdout, its log, its end.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use bedrock_simulator::Config;
use support::{Simulator, ask};

fn start(flags: &[&str]) -> (Child, BufReader<std::process::ChildStdout>, Simulator) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bedrock-simulator"))
        .args(["--listen", "127.0.0.1:0", "--token-delay-ms", "0"])
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on ").unwrap().trim_end().parse().unwrap();
    (child, stdout, Simulator { address, config: Config::default() })
}

#[tokio::test]
async fn one_line_for_each_request_and_no_secrets() {
    let (mut child, mut stdout, simulator) = start(&[]);
    assert_eq!(simulator.stream(&ask("a private question")).await.status, 200);
    assert_eq!(simulator.exchange("POST", "/model/a%0Ab/invoke", &[], Default::default()).await.status, 403);
    // An open stream does not keep it from ending.
    let waiting = tokio::spawn(async move { simulator.stream(&ask("hi [[fault: stall ms=60000]]")).await.complete });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(!waiting.await.unwrap());

    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(lines[0].contains("InvokeModelWithResponseStream | SigV4 verified AKIDEXAMPLE "), "{log}");
    assert!(lines[1].contains(r"POST a\nb InvokeModel | refused MissingAuthenticationTokenException | 403 | 0 bytes"));
    assert!(!log.contains("private") && !log.contains(Config::SECRET_ACCESS_KEY));
}

#[tokio::test]
async fn the_credential_services_say_no_secret_either() {
    let flags = ["--container-token", "a-container-token", "--session-seconds", "77", "--oidc-client-secret", "hush"];
    let (mut child, _stdout, simulator) = start(&flags);
    let (keys, reply) = simulator.web_identity().await;
    let container = simulator.container("/v1/credentials", Some("a-container-token")).await;
    let metadata = simulator.metadata_token(60).await;
    let oidc = simulator.client_credentials(&[("client_secret", "hush")]).await;
    assert_eq!(oidc.json()["expires_in"], 77);
    assert_eq!(simulator.unsigned(&[("Action", "a\nsecret")]).await.status, 400);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());

    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for line in [
        format!("POST sts AssumeRoleWithWebIdentity | issued {} | 200 | ", keys.access_key_id),
        format!("GET container credentials | issued {} | 200 | 0 bytes", container.text("AccessKeyId")),
        "PUT instanceMetadata token | token handed out | 200 | 0 bytes".into(),
        "POST oidc token | token minted | 200 | ".into(),
        "POST sts - | refused InvalidAction | 400 | ".into(),
    ] {
        assert!(log.contains(&line), "{line}: {log}");
    }
    let secrets = [
        keys.secret_access_key,
        keys.session_token.unwrap(),
        container.text("SecretAccessKey"),
        container.text("Token"),
        oidc.text("access_token"),
        metadata,
        "a-container-token".into(),
        "hush".into(),
        "eyJ".into(),
        "secret".into(),
    ];
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret}: {log}");
    }
    assert_eq!(reply.status, 200);
}

#[test]
fn a_taken_port_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-simulator")).args(["--listen", &address]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("cannot listen on {address}")));
}
