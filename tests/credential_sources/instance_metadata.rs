//! `instanceMetadata`: the token, the role, its credentials.

use crate::play::{ONE, drive, fetched, line, play, refused, told};
use crate::sources::{DOCUMENT, METADATA_CALL, METADATA_TOKEN_CALL, ROLES_CALL, document_key, instance_metadata};

const WHO: &str = "instanceMetadata: the instance metadata service";

fn second(call: &str) -> String {
    call.replace("s3cr3t-one", "s3cr3t-two")
}

fn without_token(call: &str) -> &str {
    call.split("; x-aws-ec2").next().unwrap()
}

#[test]
fn the_role_is_discovered_or_configured() {
    let expected = fetched("instanceMetadata", document_key(), Some(ONE));
    for roles in ["gateway", "gateway\n", "  gateway\r\nanother\n"] {
        let script = [
            (METADATA_TOKEN_CALL, told(200, "s3cr3t-one\n")),
            (ROLES_CALL, told(200, roles)),
            (METADATA_CALL, told(200, DOCUMENT)),
        ];
        assert_eq!(play(&instance_metadata(None, false), &script), expected);
    }
    let script = [(METADATA_TOKEN_CALL, told(200, "s3cr3t-one")), (METADATA_CALL, told(200, DOCUMENT))];
    assert_eq!(play(&instance_metadata(Some("gateway"), false), &script), expected);
}

#[test]
fn version_1_only_where_it_is_configured() {
    let expected = fetched("instanceMetadata", document_key(), Some(ONE));
    for status in [403, 404, 405] {
        let script = [
            (METADATA_TOKEN_CALL, told(status, "")),
            (without_token(ROLES_CALL), told(200, "gateway")),
            (without_token(METADATA_CALL), told(200, DOCUMENT)),
        ];
        assert_eq!(play(&instance_metadata(None, true), &script), expected);
        let said = refused(&instance_metadata(None, false), &[(METADATA_TOKEN_CALL, told(status, ""))]);
        assert_eq!(said, (format!("{WHO} answered {status}"), None));
    }
    // What is wrong with version 2 is no sign of a service without it.
    for status in [400, 401, 402, 406, 500, 503, 504] {
        let (text, _) = refused(&instance_metadata(None, true), &[(METADATA_TOKEN_CALL, told(status, ""))]);
        assert_eq!(text, format!("{WHO} answered {status}"));
    }
    // Version 1 asks for no token, so a 401 wants none.
    let script = [(METADATA_TOKEN_CALL, told(404, "")), (without_token(ROLES_CALL), told(401, ""))];
    assert_eq!(refused(&instance_metadata(None, true), &script), (format!("{WHO} answered 401"), None));
}

#[test]
fn a_hop_too_far_is_hinted_at() {
    let (text, detail) = refused(&instance_metadata(None, false), &[(METADATA_TOKEN_CALL, told(504, "timeout"))]);
    assert_eq!(text, format!("{WHO} answered 504"));
    assert!(detail.unwrap().contains("hop limit"));
    let script = [(METADATA_TOKEN_CALL, told(200, "s3cr3t-one")), (ROLES_CALL, told(504, ""))];
    assert_eq!(refused(&instance_metadata(None, false), &script), (format!("{WHO} answered 504"), None));
}

#[test]
fn a_401_wants_one_new_token() {
    let one = || (METADATA_TOKEN_CALL, told(200, "s3cr3t-one"));
    let two = || (METADATA_TOKEN_CALL, told(200, "s3cr3t-two"));
    let (roles, metadata) = (second(ROLES_CALL), second(METADATA_CALL));
    let (provider, expected) = (instance_metadata(None, false), fetched("instanceMetadata", document_key(), Some(ONE)));

    // The new one serves on.
    let script =
        [one(), (ROLES_CALL, told(401, "")), two(), (&roles, told(200, "gateway")), (&metadata, told(200, DOCUMENT))];
    assert_eq!(play(&provider, &script), expected);
    let before = [one(), (ROLES_CALL, told(200, "gateway")), (METADATA_CALL, told(401, "")), two()];
    assert_eq!(play(&provider, &[&before[..], &[(&metadata, told(200, DOCUMENT))]].concat()), expected);

    // A second one is an error.
    let script = [one(), (ROLES_CALL, told(401, "")), two(), (&roles, told(401, ""))];
    assert_eq!(refused(&provider, &script), (format!("{WHO} answered 401"), None));
    let said = refused(&provider, &[&before[..], &[(&metadata, told(401, ""))]].concat());
    assert_eq!(said, (format!("{WHO} answered 401"), None));
    // So is a new token that is none.
    let script = [one(), (ROLES_CALL, told(401, "")), (METADATA_TOKEN_CALL, told(403, ""))];
    assert_eq!(refused(&provider, &script), (format!("{WHO} answered 403"), None));

    // Whatever it is asked, a service that only says 401 is left alone soon.
    let (calls, outcome) = drive(&provider, |call| match call.method {
        "PUT" => told(200, "s3cr3t-one"),
        _ => told(401, ""),
    });
    assert_eq!((calls.len(), outcome.is_err()), (4, true));
}

#[test]
fn tokens_that_are_none() {
    for body in ["", " \n", "s3cr3t\r\nx: y", "two s3cr3ts", "s3cr3tü", "<html>s3cr3t </html>", "s3cr3t\u{0}"] {
        let said = refused(&instance_metadata(None, true), &[(METADATA_TOKEN_CALL, told(200, body))]);
        assert_eq!(said, (format!("{WHO} answered with no token"), None), "{body:?}");
    }
}

#[test]
fn roles_that_are_none() {
    let refused = |answer| {
        let script = [(METADATA_TOKEN_CALL, told(200, "s3cr3t-one")), (ROLES_CALL, answer)];
        refused(&instance_metadata(None, false), &script)
    };
    assert_eq!(refused(told(404, "")), (format!("{WHO} answered with 404: the instance has no role"), None));
    let long = "r".repeat(65);
    for role in [
        "",
        "\ngateway",
        "a b",
        "a/b",
        "../../user-data",
        "a?b",
        "a#b",
        "a%2fb",
        "a\u{0}b",
        "a:b",
        "rôle",
        "<html>",
        &long,
        ".",
        "..",
    ] {
        assert_eq!(refused(told(200, role)), (format!("{WHO} answered with no name of a role"), None), "{role:?}");
    }
    // A role's own 404 is of the role.
    let script = [
        (METADATA_TOKEN_CALL, told(200, "s3cr3t-one")),
        (ROLES_CALL, told(200, "gateway")),
        (METADATA_CALL, told(404, "")),
    ];
    assert_eq!(crate::play::refused(&instance_metadata(None, false), &script), (format!("{WHO} answered 404"), None));
    // Every character that IAM takes.
    let mut answers = ["s3cr3t-one", "aZ09+=,.@_-", DOCUMENT].into_iter();
    let (calls, outcome) = drive(&instance_metadata(None, false), |_| told(200, answers.next().unwrap()));
    assert!(outcome.is_ok());
    assert!(line(&calls[2]).contains("/security-credentials/aZ09+=,.@_- by"), "{}", line(&calls[2]));
}

/// It says 200 where it has no credentials.
#[test]
fn a_code_that_is_no_success() {
    for (code, detail) in [
        ("AssumeRoleUnauthorizedAccess", Some("AssumeRoleUnauthorizedAccess")),
        ("Failed", Some("Failed")),
        ("InvalidInstanceProfile", Some("InvalidInstanceProfile")),
        // No word of the service's: nothing of it is shown.
        ("two words", None),
        ("line\\nbreak", None),
        ("s3cr3t-one", None),
        ("s3cr3t%2Done", None),
    ] {
        let document = DOCUMENT.replace("Success", code);
        let script = [(METADATA_TOKEN_CALL, told(200, "s3cr3t-one")), (METADATA_CALL, told(200, document))];
        let (text, said) = refused(&instance_metadata(Some("gateway"), false), &script);
        assert_eq!((text, said.as_deref()), (format!("{WHO} has no credentials"), detail), "{code}");
    }
}
