//! `credentialsFile.listener`.

use crate::play::{access_key, fetched, play, refused, told};
use crate::sources::{FILE, FILE_CALL, mounted_file};

#[test]
fn a_profile_of_the_file() {
    let key = access_key("AKIDFILE", "s3cr3t/file", None);
    for file in [FILE.to_owned(), format!("[default]\na = b\n{FILE}"), FILE.replace('\n', "\r\n")] {
        let outcome = play(&mounted_file(), &[(FILE_CALL, told(200, file))]);
        // It has no end: it is read again.
        assert_eq!(outcome, fetched("credentialsFile", key.clone(), None));
    }
    let file = format!("{FILE}aws_session_token=s3cr3t==");
    let key = access_key("AKIDFILE", "s3cr3t/file", Some("s3cr3t=="));
    assert_eq!(play(&mounted_file(), &[(FILE_CALL, told(200, file))]), fetched("credentialsFile", key, None));
}

#[test]
fn files_without_it() {
    for (status, file, said) in [
        (200, "[default]\naws_access_key_id = s3cr3t", "no profile team"),
        (200, "[team]", "profile team: aws_access_key_id: not set, and required"),
        (200, "[team]\naws_access_key_id = A", "profile team: aws_secret_access_key: not set, and required"),
        (
            200,
            "[team]\naws_access_key_id = A\naws_secret_access_key = s3cr3t\n  s3cr3t",
            "profile team: aws_secret_access_key: expected printable ASCII without spaces",
        ),
        (200, "[team]\ns3cr3t", "line 2: expected name = value"),
        (200, r#"{"aws_access_key_id": "s3cr3t"}"#, "line 1: expected a [profile] before the first property"),
        (404, FILE, "the listener for the mounted file answered 404"),
        (204, FILE, "the listener for the mounted file answered 204"),
    ] {
        let refused = refused(&mounted_file(), &[(FILE_CALL, told(status, file))]);
        assert_eq!(refused, (format!("credentialsFile: {said}"), None), "{file}");
    }
}
