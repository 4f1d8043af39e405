//! What STS answers, in XML.

use crate::play::{NOON, ONE, fetched, play, refused, told, told_with};
use crate::sources::{CONTAINER_CALL, DOCUMENT, WEB_CALL, container, sts_answer, sts_key, web_by_value};

const EXPIRATION: &str = "<Expiration>2026-11-22T13:00:00Z</Expiration>";
const ID: &str = "<AccessKeyId>ASIASTS</AccessKeyId>";
const SECRET: &str = "<SecretAccessKey>s3cr3t/sts+=</SecretAccessKey>";
const TOKEN: &str = "<SessionToken>s3cr3t//sts==</SessionToken>";

fn answered(body: &str) -> bedrock_messages::aws::credentials::fetch::Outcome {
    play(&web_by_value(), &[(WEB_CALL, told(200, body))])
}

/// As STS writes it, and as XML may be written.
#[test]
fn credentials_in_any_xml() {
    for body in [
        sts_answer("AssumeRole"),
        format!("<a>{ID}{SECRET}{TOKEN}{EXPIRATION}</a>"),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!DOCTYPE a><!-- {MARKER} --><a>\r\n{EXPIRATION}{TOKEN}{SECRET}{ID}</a>\r\n"
        ),
        // A mark of the byte order in front.
        format!("\u{feff}<a>{ID}{SECRET}{TOKEN}{EXPIRATION}</a>"),
        format!("<a>{ID}{TOKEN}{EXPIRATION}<SecretAccessKey>s3cr3t&#47;sts&#x2B;&#61;</SecretAccessKey></a>"),
        format!("<a>{ID}{SECRET}{EXPIRATION}<SessionToken>s3cr3t<![CDATA[//sts]]>==</SessionToken></a>"),
        format!("<a>{ID}{SECRET}{EXPIRATION}<SessionToken><![CDATA[s3cr3t//sts==]]></SessionToken></a>"),
        format!(
            "<a>{ID}{SECRET}{EXPIRATION}<SessionToken>s3cr3t<!-- not this -->//sts<?nor this?>==</SessionToken></a>"
        ),
        format!("<a>{ID}{SECRET}{EXPIRATION}<SessionToken a='b' c=\"d>e\">\n  s3cr3t//sts==\n</SessionToken ></a>"),
        sts_answer("AssumeRole").replace("<", "<sts:").replace("<sts:/", "</sts:").replace("xmlns=", "xmlns:sts="),
        // The first of two counts, as in AWS's own SDKs.
        format!("<a>{ID}{SECRET}{TOKEN}{EXPIRATION}<AccessKeyId>OTHER</AccessKeyId><Expiration>never</Expiration></a>"),
        format!("<a>{ID}{SECRET}{TOKEN}{EXPIRATION}</b><AccessKeyId>OTHER</AccessKeyId>"),
        format!("<a>{ID}{SECRET}{TOKEN}<Expiration>2026-11-22T14:00:00.250+01:00</Expiration></a>"),
        format!("<a>{ID}{SECRET}{TOKEN}<Expiration>2026-11-22t13:00:00z</Expiration></a>"),
    ] {
        assert_eq!(answered(&body), fetched("webIdentity", sts_key(), Some(ONE)), "{body}");
    }
    // `&amp;` and its like are part of a text.
    let body = format!("<a>{ID}{SECRET}{EXPIRATION}<SessionToken>&lt;&amp;amp;&gt;&quot;&apos;</SessionToken></a>");
    let key = crate::play::access_key("ASIASTS", "s3cr3t/sts+=", Some("<&amp;>\"'"));
    assert_eq!(answered(&body), fetched("webIdentity", key, Some(ONE)));
}

const MARKER: &str = crate::play::MARKER;

#[test]
fn what_cannot_be_used_is_named() {
    let unusable = |name: &str| format!("STS answered with a document whose {name} is missing or cannot be used");
    for (body, said) in [
        (format!("<a>{SECRET}{TOKEN}{EXPIRATION}</a>"), unusable("AccessKeyId")),
        (format!("<a>{ID}{TOKEN}{EXPIRATION}</a>"), unusable("SecretAccessKey")),
        (format!("<a>{ID}{SECRET}{EXPIRATION}</a>"), unusable("SessionToken")),
        (format!("<a>{ID}{SECRET}{TOKEN}</a>"), unusable("Expiration")),
        (format!("<a>{ID}{SECRET}{TOKEN}<Expiration/></a>"), unusable("Expiration")),
        (format!("<a>{ID}{SECRET}<SessionToken/>{EXPIRATION}</a>"), unusable("SessionToken")),
        (format!("<a>{ID}{SECRET}<SessionToken></SessionToken>{TOKEN}{EXPIRATION}</a>"), unusable("SessionToken")),
        (format!("<a>{ID}{SECRET}<SessionToken>s3cr3t\nline</SessionToken>{EXPIRATION}</a>"), unusable("SessionToken")),
        (
            format!("<a>{ID}{SECRET}<SessionToken>s3cr3t&#13;&#10;x: y</SessionToken>{EXPIRATION}</a>"),
            unusable("SessionToken"),
        ),
        (format!("<a>{ID}{SECRET}<SessionToken>s3cr3tü</SessionToken>{EXPIRATION}</a>"), unusable("SessionToken")),
        // Names are written as they are; what stands inside of a value is no value.
        (format!("<a>{SECRET}{TOKEN}{EXPIRATION}<accesskeyid>ASIASTS</accesskeyid></a>"), unusable("AccessKeyId")),
        (
            format!("<a>{ID}{TOKEN}{EXPIRATION}<SecretAccessKey><b>s3cr3t</b></SecretAccessKey></a>"),
            unusable("SecretAccessKey"),
        ),
        (
            format!("<a>{ID}{TOKEN}{EXPIRATION}<SecretAccessKey>s3cr3t<b/><b>x</b></SecretAccessKey></a>"),
            unusable("SecretAccessKey"),
        ),
        (format!("<!-- {ID} --><a>{SECRET}{TOKEN}{EXPIRATION}</a>"), unusable("AccessKeyId")),
        (format!("<a><![CDATA[{ID}]]>{SECRET}{TOKEN}{EXPIRATION}</a>"), unusable("AccessKeyId")),
        (format!("<a b='{}'>{SECRET}{TOKEN}{EXPIRATION}</a>", ID.replace('<', "&lt;")), unusable("AccessKeyId")),
        (
            format!("<a>{ID}{SECRET}{TOKEN}<Expiration>soon</Expiration></a>"),
            "STS answered with a document whose Expiration cannot be read".to_owned(),
        ),
        (
            format!("<a>{ID}{SECRET}{TOKEN}<Expiration>2026-11-22T13:00:00</Expiration></a>"),
            "STS answered with a document whose Expiration cannot be read".to_owned(),
        ),
        (
            format!("<a>{ID}{SECRET}{TOKEN}<Expiration>1926-11-22T13:00:00Z</Expiration></a>"),
            "STS answered with a document whose Expiration cannot be read".to_owned(),
        ),
        (
            format!("<a>{ID}{SECRET}{TOKEN}<Expiration>2026-11-22T12:00:00Z</Expiration></a>"),
            "STS answered with credentials that have expired".to_owned(),
        ),
        (
            format!("<a>{ID}{SECRET}{TOKEN}<Expiration>2026-11-22T10:00:00Z</Expiration></a>"),
            "STS answered with credentials that have expired".to_owned(),
        ),
        (r#"{"AssumeRoleResponse": {"AccessKeyId": "s3cr3t"}}"#.to_owned(), unusable("Expiration")),
        // It breaks off, or is no XML, before what is needed.
        (format!("<a>{ID}{SECRET}{TOKEN}</b>{EXPIRATION}</a>"), unusable("Expiration")),
        (format!("{}{ID}{SECRET}{TOKEN}", "<a>".repeat(20_000)), unusable("Expiration")),
    ] {
        let (text, detail) = refused(&web_by_value(), &[(WEB_CALL, told(200, body.as_str()))]);
        assert_eq!((text, detail), (format!("webIdentity: {said}"), None), "{body}");
    }
}

/// A reference that nobody can resolve must not give another key than the one that was sent.
#[test]
fn an_unknown_entity_is_not_left_out() {
    for entity in ["&secret;", "&#xFFFFFFFF;", "&#55296;", "&#0;"] {
        let body = format!("<a>{ID}{SECRET}{EXPIRATION}<SessionToken>s3cr3t//{entity}sts==</SessionToken></a>");
        let (text, _) = refused(&web_by_value(), &[(WEB_CALL, told(200, body))]);
        assert!(text.starts_with("webIdentity: STS answered with a document whose "), "{entity}: {text}");
    }
}

fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
        <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>1-2-3</RequestId>\n</ErrorResponse>"
    )
}

#[test]
fn errors_have_a_code_for_clients_and_words_for_the_operator() {
    for (status, body, text, detail) in [
        (
            403,
            error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            "STS answered 403 AccessDenied",
            Some("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        ),
        (
            400,
            error("ExpiredTokenException", "Token expired: current date &gt; exp &amp; so on"),
            "STS answered 400 ExpiredTokenException",
            Some("Token expired: current date > exp & so on"),
        ),
        (
            400,
            error("IDPCommunicationError", "<![CDATA[no <answer>]]>"),
            "STS answered 400 IDPCommunicationError",
            Some("no <answer>"),
        ),
        (
            400,
            error("InvalidIdentityToken", "two\nlines\u{7f}"),
            "STS answered 400 InvalidIdentityToken",
            Some("two lines "),
        ),
        (403, error("", ""), "STS answered 403", None),
        (403, error("two words", "x"), "STS answered 403", Some("x")),
        (403, error("&lt;b&gt;", "x"), "STS answered 403", Some("x")),
        (403, "<Error><Code>Throttling</Code>".to_owned(), "STS answered 403 Throttling", None),
        (403, "<Error><Code>Throttling</Co".to_owned(), "STS answered 403", None),
        (503, "upstream connect error".to_owned(), "STS answered 503", None),
        (403, r#"{"Error": {"Code": "AccessDenied"}}"#.to_owned(), "STS answered 403", None),
        // Credentials with another status are none.
        (201, sts_answer("AssumeRole"), "STS answered 201", None),
        (404, sts_answer("AssumeRole"), "STS answered 404", None),
        (302, error("Moved", "there"), "STS answered 302 Moved", Some("there")),
    ] {
        let (said, more) = refused(&web_by_value(), &[(WEB_CALL, told(status, body.as_str()))]);
        assert_eq!((said, more.as_deref()), (format!("webIdentity: {text}"), detail), "{body}");
    }
}

/// The clock is named where it can be the cause, and only then.
#[test]
fn a_clock_that_is_off_is_named() {
    let behind = Some("Sun, 22 Nov 2026 12:07:30 GMT");
    for (code, date, skew) in [
        ("SignatureDoesNotMatch", behind, ": the gateway's clock is 450 s behind AWS's"),
        ("RequestExpired", Some("Sun, 22 Nov 2026 10:00:00 GMT"), ": the gateway's clock is 7200 s ahead of AWS's"),
        ("RequestTimeTooSkewed", Some("Sun, 22 Nov 2026 12:01:00 GMT"), ": the gateway's clock is 60 s behind AWS's"),
        ("SignatureDoesNotMatch", Some("Sun, 22 Nov 2026 12:00:59 GMT"), ""),
        ("SignatureDoesNotMatch", Some("yesterday"), ""),
        ("SignatureDoesNotMatch", Some(""), ""),
        ("SignatureDoesNotMatch", None, ""),
        ("AccessDenied", behind, ""),
        ("InvalidClientTokenId", behind, ""),
    ] {
        let headers: Vec<_> = date.iter().map(|date| ("date", *date)).collect();
        let answer = told_with(403, &headers, &error(code, "Signature expired"));
        let said = refused(&web_by_value(), &[(WEB_CALL, answer)]);
        let expected = format!("webIdentity: STS answered 403 {code}{skew}");
        assert_eq!(said, (expected, Some("Signature expired".to_owned())), "{date:?}");
    }
    // What has expired when it comes has not, if the clock is ahead; nobody else would say so of a call without signature.
    let late = sts_answer("AssumeRole").replace("13:00:00Z", "11:30:00Z");
    for (date, skew) in [
        (Some("Sun, 22 Nov 2026 10:30:00 GMT"), ": the gateway's clock is 5400 s ahead of AWS's"),
        (Some("Sun, 22 Nov 2026 12:00:10 GMT"), ""),
        (Some("soon"), ""),
        (None, ""),
    ] {
        let headers: Vec<_> = date.iter().map(|date| ("date", *date)).collect();
        let said = refused(&web_by_value(), &[(WEB_CALL, told_with(200, &headers, &late))]);
        assert_eq!(said, (format!("webIdentity: STS answered with credentials that have expired{skew}"), None));
        let document = told_with(200, &headers, &DOCUMENT.replace("13:00:00Z", "11:30:00Z"));
        let said = refused(
            &container(None),
            &[(&CONTAINER_CALL.replace("; authorization: Bearer s3cr3t-container", ""), document)],
        );
        let expected = format!("container: the container's endpoint answered with credentials that have expired{skew}");
        assert_eq!(said, (expected, None));
    }
    // A success says nothing of it.
    let answer = told_with(200, &[("date", "Sun, 22 Nov 2026 10:00:00 GMT")], &sts_answer("AssumeRole"));
    assert!(play(&web_by_value(), &[(WEB_CALL, answer)]).unwrap().expires > Some(NOON));
}
