//! `webIdentity`: its tokens.

use base64::Engine as _;
use bedrock_messages::aws::credentials::web_identity::{Token, WebIdentity};
use bedrock_messages::aws::credentials::{Provider, Secret};

use crate::play::{ONE, Told, fetched, play, refused, told, told_with};
use crate::sources::{
    OIDC_CALL, TOKEN, TOKEN_CALL, WEB_CALL, oidc, role, sts, sts_answer, sts_key, web_by_basic_oidc, web_by_listener,
    web_by_oidc, web_by_value, web_identity,
};

fn good() -> Told {
    told(200, sts_answer("AssumeRoleWithWebIdentity"))
}

#[test]
fn the_token_as_a_value() {
    let outcome = play(&web_by_value(), &[(WEB_CALL, good())]);
    assert_eq!(outcome, fetched("webIdentity", sts_key(), Some(ONE)));
}

#[test]
fn all_that_a_role_may_have() {
    let mut role = role();
    role.session_name = "a+b=c,d.e@f-_".to_owned();
    role.duration_seconds = Some(900);
    role.policy = Some(r#"{"Version": "2012-10-17", "Statement": []}"#.to_owned());
    let provider = Provider::WebIdentity(Box::new(WebIdentity {
        sts: sts(),
        role,
        token: Token::Value(Secret::new("a.b-c~d_e+/=")),
    }));
    let call = "POST sts.us-east-1.amazonaws.com/ by sts; accept: text/xml; \
        content-type: application/x-www-form-urlencoded | Action=AssumeRoleWithWebIdentity&Version=2011-06-15&\
        RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbedrock&RoleSessionName=a%2Bb%3Dc%2Cd.e%40f-_&\
        DurationSeconds=900&Policy=%7B%22Version%22%3A%20%222012-10-17%22%2C%20%22Statement%22%3A%20%5B%5D%7D&\
        WebIdentityToken=a.b-c~d_e%2B%2F%3D";
    assert_eq!(play(&provider, &[(call, good())]), fetched("webIdentity", sts_key(), Some(ONE)));
}

#[test]
fn the_token_of_an_oidc_issuer() {
    for document in [
        format!(r#"{{"id_token": "{TOKEN}", "access_token": "other", "token_type": "Bearer"}}"#),
        format!(r#"{{"access_token": "other", "id_token": "{TOKEN}"}}"#),
        format!(r#"{{"access_token": "{TOKEN}", "expires_in": 3600}}"#),
        format!(r#"{{"access_token": "{TOKEN}", "id_token": null}}"#),
        format!(r#"{{"access_token": "{TOKEN}", "id_token": ""}}"#),
        format!(r#"{{"access_token": "{TOKEN}", "id_token": {{"a": 1}}}}"#),
        format!(r#"{{"id_token": "x.y.z", "id_token": "{TOKEN}"}}"#),
        r#"{"id_token": "eyJ.\u0073\u0033cr3t.token"}"#.to_owned(),
    ] {
        let outcome = play(&web_by_oidc(), &[(OIDC_CALL, told(200, document)), (WEB_CALL, good())]);
        assert_eq!(outcome, fetched("webIdentity", sts_key(), Some(ONE)));
    }
    let mut bare = oidc();
    (bare.scope, bare.audience) = (None, None);
    let call = "POST issuer.example.com/oauth2/token by oidc; accept: application/json; \
        content-type: application/x-www-form-urlencoded | grant_type=client_credentials&client_id=gateway&\
        client_secret=s3cr3t%26client%2Fsecret%2B%3D";
    let answer = told(200, format!(r#"{{"id_token": "{TOKEN}"}}"#));
    play(&web_identity(Token::Oidc(bare)), &[(call, answer), (WEB_CALL, good())]).unwrap();
}

/// RFC 6749 §2.3.1: each part form-encoded, then in base64; neither in the form.
#[test]
fn the_client_s_secret_in_a_header() {
    let pair = base64::engine::general_purpose::STANDARD.encode("gateway%3A1:s3cr3t%26client%2Fsecret%2B%3D");
    let call = format!(
        "POST issuer.example.com/oauth2/token by oidc; accept: application/json; \
        content-type: application/x-www-form-urlencoded; authorization: Basic {pair} | grant_type=client_credentials&\
        scope=sts%20aws&audience=https%3A%2F%2Fsts.amazonaws.com"
    );
    let mut provider = web_by_basic_oidc();
    let Provider::WebIdentity(source) = &mut provider else { panic!() };
    let Token::Oidc(oidc) = &mut source.token else { panic!() };
    oidc.client_id = "gateway:1".to_owned();
    let answer = told(200, format!(r#"{{"id_token": "{TOKEN}"}}"#));
    play(&provider, &[(&call, answer), (WEB_CALL, good())]).unwrap();
    for echoed in [format!("no such client: Basic {pair}"), format!("'{pair}'"), format!("bad {}", &pair[..20])] {
        let answer =
            told(401, serde_json::json!({ "error": "invalid_client", "error_description": echoed }).to_string());
        let (text, detail) = refused(&provider, &[(&call, answer)]);
        assert_eq!(text, "webIdentity: the OIDC issuer answered 401 invalid_client");
        assert_eq!(detail.as_deref(), Some("what it says repeats a secret"), "{echoed}");
    }
}

#[test]
fn what_an_oidc_issuer_refuses() {
    const NEITHER: &str = "the OIDC issuer answered with neither id_token nor access_token";
    const NONE: &str = "the token is none: it has 4 to 20000 printable characters";
    for (status, document, text, detail) in [
        (200, "{}", NEITHER, None),
        (200, r#"{"id_token": null, "access_token": 1}"#, NEITHER, None),
        (200, r#"{"id_token": ["s3cr3t"]}"#, NEITHER, None),
        (200, r#"["s3cr3t"]"#, "the OIDC issuer answered with something that is no JSON object", None),
        (200, r#"{"id_token": "s3cr3t""#, "the OIDC issuer answered with something that is no JSON object", None),
        (200, r#"{"id_token": "abc"}"#, NONE, None),
        (200, r#"{"id_token": "s3cr3t\r\ntoken"}"#, NONE, None),
        (200, r#"{"id_token": "s3cr3t token"}"#, NONE, None),
        (200, r#"{"id_token": "s3cr3t-ü"}"#, NONE, None),
        (401, r#"{"error": "invalid_client"}"#, "the OIDC issuer answered 401 invalid_client", None),
        (
            400,
            r#"{"error": "invalid_scope", "error_description": "no\nsuch scope", "error_uri": "x"}"#,
            "the OIDC issuer answered 400 invalid_scope",
            Some("no such scope"),
        ),
        // Clients see the code: it has to look like one.
        (400, r#"{"error": "two words"}"#, "the OIDC issuer answered 400", None),
        (400, r#"{"error": "ü"}"#, "the OIDC issuer answered 400", None),
        (400, r#"{"error": {"code": 1}, "error_description": 2}"#, "the OIDC issuer answered 400", None),
        (400, r#"{"error": null, "error_description": ""}"#, "the OIDC issuer answered 400", None),
        (400, r#"{"error_description": "\u0000\n"}"#, "the OIDC issuer answered 400", None),
        // A redirect is none of our business, a created token neither.
        (302, r#"{"id_token": "s3cr3t"}"#, "the OIDC issuer answered 302", None),
        (201, r#"{"id_token": "s3cr3t"}"#, "the OIDC issuer answered 201", None),
    ] {
        let (said, more) = refused(&web_by_oidc(), &[(OIDC_CALL, told(status, document))]);
        assert_eq!((said, more.as_deref()), (format!("webIdentity: {text}"), detail), "{status} {document}");
    }
    let long = format!(r#"{{"error": "{}", "error_description": "{}"}}"#, "e".repeat(65), "ü".repeat(1000));
    let (said, more) = refused(&web_by_oidc(), &[(OIDC_CALL, told(400, long))]);
    assert_eq!((said.as_str(), more), ("webIdentity: the OIDC issuer answered 400", Some("ü".repeat(300))));
}

#[test]
fn the_token_of_a_listener() {
    for (header, answer) in [
        (None, told(200, TOKEN)),
        (None, told(200, format!("\n {TOKEN}\r\n"))),
        (None, told_with(200, &[("x-token", "other")], TOKEN)),
        (Some("x-token"), told_with(200, &[("x-token", TOKEN)], "")),
        (Some("x-token"), told_with(200, &[("x-other", "other"), ("x-token", TOKEN), ("x-token", "late")], "other")),
        (Some("x-token"), told_with(200, &[("x-token", &format!(" {TOKEN} "))], "")),
        // The body is not looked at then.
        (Some("x-token"), told_with(200, &[("x-token", TOKEN)], &"x".repeat(100_000))),
    ] {
        let outcome = play(&web_by_listener(header), &[(TOKEN_CALL, answer), (WEB_CALL, good())]);
        assert_eq!(outcome, fetched("webIdentity", sts_key(), Some(ONE)));
    }
}

#[test]
fn what_is_no_token() {
    const NONE: &str = "the token is none: it has 4 to 20000 printable characters";
    let long = "s3cr3t".repeat(3_334);
    for (header, answer, text) in [
        (None, told(200, "abc"), NONE),
        (None, told(200, "s3cr3t\ns3cr3t"), NONE),
        (None, told(200, "s3cr3t\u{0}"), NONE),
        (None, told(200, "ütoken"), NONE),
        (None, told(200, long.as_str()), NONE),
        (Some("x-token"), told(200, TOKEN), "the listener for the mounted file answered with no such header"),
        (
            Some("x-token"),
            told_with(200, &[("x-tokens", TOKEN)], TOKEN),
            "the listener for the mounted file answered with no such header",
        ),
        (Some("x-token"), told_with(200, &[("x-token", "")], TOKEN), NONE),
        (Some("x-token"), told_with(200, &[("x-token", "two s3cr3ts")], ""), NONE),
        (
            Some("x-token"),
            told_with(404, &[("x-token", TOKEN)], TOKEN),
            "the listener for the mounted file answered 404",
        ),
    ] {
        let said = refused(&web_by_listener(header), &[(TOKEN_CALL, answer)]);
        assert_eq!(said, (format!("webIdentity: {text}"), None));
    }
    for token in ["", "abc", "s3cr3t token", long.as_str()] {
        let said = refused(&web_identity(Token::Value(Secret::new(token))), &[]);
        assert_eq!(said, (format!("webIdentity: {NONE}"), None));
    }
}
