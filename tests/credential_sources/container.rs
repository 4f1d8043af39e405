//! `container`, and the JSON documents that it and instance metadata hand out.

use bedrock_messages::aws::credentials::container::parts_of_uri;

use crate::play::{NOON, ONE, access_key, fetched, play, refused, told};
use crate::sources::{CONTAINER_CALL, CONTAINER_TOKEN, DOCUMENT, container, document_key};

#[test]
fn with_and_without_authorization() {
    let expected = fetched("container", document_key(), Some(ONE));
    assert_eq!(play(&container(Some(CONTAINER_TOKEN)), &[(CONTAINER_CALL, told(200, DOCUMENT))]), expected);
    let bare = "GET 169.254.170.2/v2/credentials/1 by ecs; accept: application/json";
    assert_eq!(play(&container(None), &[(bare, told(200, DOCUMENT))]), expected);
}

#[test]
fn documents() {
    let key = |token| access_key("ASIAX", "s3cr3t", token);
    for (document, key, expires) in [
        (r#"{"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t"}"#, key(None), None),
        (
            r#"{"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t", "Token": null, "Expiration": null}"#,
            key(None),
            None,
        ),
        (r#"{"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t", "Token": ""}"#, key(None), None),
        (r#"{"accessKeyId": "ASIAX", "secretaccesskey": "s3cr3t", "TOKEN": "t"}"#, key(Some("t")), None),
        (r#"{"AccessKeyId": "x", "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t"}"#, key(None), None),
        (r#" {"AccessKeyId": " ASIAX\n", "SecretAccessKey": "\ts3cr3t ", "Token": "t\r\n"} "#, key(Some("t")), None),
        (
            r#"{"Code": "SUCCESS", "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t", "Expiration": "2026-11-22T12:00:01Z"}"#,
            key(None),
            Some(NOON + 1),
        ),
        (
            r#"{"Code": null, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t", "Expiration": "2026-11-22T13:00:00.999-01:30"}"#,
            key(None),
            Some(ONE + 5_400),
        ),
        (
            r#"{"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cr3t", "Expiration": "9999-12-31T23:59:59Z", "Nested": {"Token": 1}}"#,
            key(None),
            Some(253_402_300_799),
        ),
    ] {
        let outcome = play(&container(Some(CONTAINER_TOKEN)), &[(CONTAINER_CALL, told(200, document))]);
        assert_eq!(outcome, fetched("container", key, expires), "{document}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    const NO_OBJECT: &str = "answered with something that is no JSON object";
    let missing = |name: &str| format!("answered with a document whose {name} is missing or cannot be used");
    for (document, said) in [
        ("null", NO_OBJECT.to_owned()),
        ("[]", NO_OBJECT.to_owned()),
        (r#""s3cr3t""#, NO_OBJECT.to_owned()),
        (r#"{"AccessKeyId": "s3cr3t"} {}"#, NO_OBJECT.to_owned()),
        ("{}", missing("accesskeyid")),
        (r#"{"AccessKeyId": null, "SecretAccessKey": "s3cr3t"}"#, missing("accesskeyid")),
        (r#"{"AccessKeyId": 1, "SecretAccessKey": "s3cr3t"}"#, missing("accesskeyid")),
        (r#"{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "s3cr3t"}}"#, missing("accesskeyid")),
        (r#"{"AccessKeyId": "A"}"#, missing("secretaccesskey")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": ["s3cr3t"]}"#, missing("secretaccesskey")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t\r\nx: y"}"#, missing("secretaccesskey")),
        (r#"{"AccessKeyId": "A\n", "SecretAccessKey": "s3cr3t", "Token": "s3cr3t\nline"}"#, missing("token")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Token": "ü"}"#, missing("token")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Token": " "}"#, missing("token")),
        // Without its token the key would be refused, with words that lead astray.
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Token": 5}"#, missing("token")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Token": {"a": "s3cr3t"}}"#, missing("token")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Expiration": "soon"}"#, missing("expiration")),
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Expiration": "2026-11-22"}"#, missing("expiration")),
        // What has an end must not be held for ever.
        (r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Expiration": 1795352400}"#, missing("expiration")),
        (
            r#"{"AccessKeyId": "A", "SecretAccessKey": "s3cr3t", "Expiration": "2026-11-22T12:00:00Z"}"#,
            "answered with credentials that have expired".to_owned(),
        ),
    ] {
        let said_in_full = (format!("container: the container's endpoint {said}"), None);
        let refused = refused(&container(Some(CONTAINER_TOKEN)), &[(CONTAINER_CALL, told(200, document))]);
        assert_eq!(refused, said_in_full, "{document}");
    }
}

#[test]
fn errors() {
    for (status, document, text, detail) in [
        (
            403,
            r#"{"code": "AccessDeniedException", "message": "no association"}"#,
            " 403 AccessDeniedException",
            Some("no association"),
        ),
        (
            400,
            r#"{"Code": "InvalidParameter", "Message": "two\r\nlines"}"#,
            " 400 InvalidParameter",
            Some("two  lines"),
        ),
        (400, r#"{"code": 5, "message": null}"#, " 400", None),
        (404, "404 page not found", " 404", None),
        (401, "{", " 401", None),
        (500, DOCUMENT, " 500 Success", None),
    ] {
        let (said, more) = refused(&container(Some(CONTAINER_TOKEN)), &[(CONTAINER_CALL, told(status, document))]);
        let expected = format!("container: the container's endpoint answered{text}");
        assert_eq!((said, more.as_deref()), (expected, detail), "{document}");
    }
}

#[test]
fn uris_of_the_environment() {
    const HOST: &str = "expected a host in the URI, without a user";
    const PLAIN: &str = "expected https://, or one of 169.254.170.2, 169.254.170.23, [fd00:ec2::23] and loopback";
    const SCHEME: &str = "expected a URI that begins with http:// or https://";
    for (uri, parts) in [
        ("http://169.254.170.23/v1/credentials", Ok(("169.254.170.23", "/v1/credentials"))),
        ("http://169.254.170.2/", Ok(("169.254.170.2", "/"))),
        ("http://[fd00:ec2::23]/v1/credentials", Ok(("[fd00:ec2::23]", "/v1/credentials"))),
        ("http://[FD00:EC2::23]:8080/v1", Ok(("[fd00:ec2::23]:8080", "/v1"))),
        ("http://localhost:9000/x?a=b#c", Ok(("localhost:9000", "/x?a=b"))),
        ("http://LOCALHOST", Ok(("localhost", "/"))),
        ("http://127.0.0.1?a", Ok(("127.0.0.1", "/?a"))),
        ("http://127.255.255.254:1/#c", Ok(("127.255.255.254:1", "/"))),
        ("http://[::1]/", Ok(("[::1]", "/"))),
        ("http://[::1]:80/", Ok(("[::1]:80", "/"))),
        ("https://credentials.example.com/a/b", Ok(("credentials.example.com", "/a/b"))),
        ("https://10.0.0.1:8443", Ok(("10.0.0.1:8443", "/"))),
        ("http://10.0.0.1/", Err(PLAIN)),
        ("http://169.254.169.254/latest", Err(PLAIN)),
        ("http://localhost.example.com/", Err(PLAIN)),
        ("http://127.0.0.1.example.com/", Err(PLAIN)),
        ("http://127.1/", Err(PLAIN)),
        ("http://[::ffff:127.0.0.1]/", Err(PLAIN)),
        ("http://[::2]:80/", Err(PLAIN)),
        ("http://169.254.170.2.:80/", Err(PLAIN)),
        ("http://evil.example.com#@169.254.170.2/", Err(PLAIN)),
        ("http://localhost@evil.example.com/", Err(HOST)),
        ("https://user:s3cr3t@example.com/", Err(HOST)),
        ("http://", Err(HOST)),
        ("https:///x", Err(HOST)),
        ("https://:80/x", Err(HOST)),
        ("http://local host/", Err(HOST)),
        ("https://exämple.com/", Err(HOST)),
        ("HTTP://localhost/", Err(SCHEME)),
        ("ftp://localhost/", Err(SCHEME)),
        ("localhost/x", Err(SCHEME)),
        ("", Err(SCHEME)),
    ] {
        let parts = parts.map(|(host, path)| (host.to_owned(), path.to_owned()));
        assert_eq!(parts_of_uri(uri), parts, "{uri}");
    }
}
