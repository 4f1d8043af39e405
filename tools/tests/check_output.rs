//! What `check` prints, and what it ends with.

use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-messages");

/// As in `check … | head -1`.
#[test]
fn nobody_reads_on() {
    for arguments in [vec!["check", "--rules"], vec!["check", "--format", "json", "tests/fixtures/single.yaml"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(PROGRAM).args(&arguments).stdout(writer).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn the_status_says_whether_there_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, status) in [(r#"{"region": "us-east-1"}"#, 0), ("{}", 0), (r#"{"region": 1}"#, 1), ("a: [", 2)] {
        let file = folder.path().join("file");
        std::fs::write(&file, text).expect("it can be written");
        let output = Command::new(PROGRAM).arg("check").arg(&file).output().expect("it runs");
        assert_eq!(output.status.code(), Some(status), "{text}");
    }
}
