//! The binary: its line on stdout, its log, its end.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use bedrock_simulator::Config;
use support::{Simulator, ask};

fn start() -> (Child, BufReader<std::process::ChildStdout>, Simulator) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bedrock-simulator"))
        .args(["--listen", "127.0.0.1:0", "--token-delay-ms", "0"])
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
    let (mut child, mut stdout, simulator) = start();
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

#[test]
fn a_taken_port_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-simulator")).args(["--listen", &address]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("cannot listen on {address}")));
}
