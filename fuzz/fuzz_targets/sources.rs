//! Sources of credentials against any answers: none panics, each comes to an end, none shows a secret that it has told, and
//! what it gives can be sent.
//!
//! The first byte chooses the source. Answers follow, divided by NUL: a byte that says how, and a body, in which `~` stands
//! for a secret that the call has told. Where there are no more the other side answers as it should.

#![no_main]

use std::rc::Rc;

use bedrock_messages::aws::credentials::assume_role::AssumeRole;
use bedrock_messages::aws::credentials::container::Container;
use bedrock_messages::aws::credentials::instance_metadata::InstanceMetadata;
use bedrock_messages::aws::credentials::listener::{Listener, MountedFile};
use bedrock_messages::aws::credentials::oidc::{ClientAuthentication, Oidc};
use bedrock_messages::aws::credentials::sts::{Role, Sts};
use bedrock_messages::aws::credentials::web_identity::{Token, WebIdentity};
use bedrock_messages::aws::credentials::{
    AccessKey, Answer, Call, CallFailure, Credentials, Fetch, FetchError, Provider, Record, Secret, Step,
};
use libfuzzer_sys::fuzz_target;

/// 2026-11-22T12:00:00Z.
const NOON: u64 = 1_795_348_800;
/// More than any source asks.
const MOST_CALLS: usize = 64;

const TOKEN: &str = "tok3n-d5f2b1c09a7e";
const CLIENT_SECRET: &str = "cli3nt-8c1e4a6b2f90";
/// `gateway:` and the client's secret in base64.
const BASIC: &str = "Z2F0ZXdheTpjbGkzbnQtOGMxZTRhNmIyZjkw";
const AUTHORIZATION: &str = "auth0rization-77aa91c3";
const METADATA_TOKEN: &str = "m3tadata-0f9e8d7c6b5a";
const SESSION_TOKEN: &str = "s3ssion-a1b2c3d4e5f6";
/// What calls tell; percent-encoding leaves them as they are.
const SECRETS: [&str; 6] = [TOKEN, CLIENT_SECRET, AUTHORIZATION, METADATA_TOKEN, SESSION_TOKEN, BASIC];

fn text(text: &str) -> String {
    text.to_owned()
}

fn sts() -> Sts {
    Sts { cluster: text("sts"), host: text("sts.us-east-1.amazonaws.com"), region: text("us-east-1") }
}

fn role() -> Role {
    let arn = text("arn:aws:iam::123456789012:role/bedrock");
    Role { arn, session_name: text("gateway"), duration_seconds: None, policy: None }
}

fn listener() -> Listener {
    Listener { cluster: text("files"), path: text("/") }
}

fn web_identity(token: Token) -> Provider {
    Provider::WebIdentity(Box::new(WebIdentity { sts: sts(), role: role(), token }))
}

fn web_by_oidc(client_authentication: ClientAuthentication) -> Provider {
    web_identity(Token::Oidc(Oidc {
        cluster: text("oidc"),
        host: text("issuer"),
        path: text("/token"),
        client_id: text("gateway"),
        client_secret: Secret::new(CLIENT_SECRET),
        client_authentication,
        scope: None,
        audience: None,
    }))
}

fn assume_role(source: Provider) -> Provider {
    Provider::AssumeRole(Box::new(AssumeRole { sts: sts(), role: role(), external_id: None, source }))
}

fn fixed() -> Provider {
    let session_token = Some(Secret::new(SESSION_TOKEN));
    let key = AccessKey { access_key_id: text("ASIA"), secret_access_key: Secret::new("secret"), session_token };
    Provider::Fixed("static", Ok(Credentials::AccessKey(key)))
}

fn container() -> Provider {
    let authorization = Some(Secret::new(AUTHORIZATION));
    Provider::Container(Container { cluster: text("container"), host: text("c"), path: text("/"), authorization })
}

fn instance_metadata(role: Option<&str>) -> Provider {
    let role = role.map(text);
    Provider::InstanceMetadata(InstanceMetadata { cluster: text("imds"), host: text("i"), role, v1_fallback: true })
}

fn mounted_file() -> Provider {
    Provider::MountedFile(MountedFile { listener: listener(), profile: text("default") })
}

fn source(byte: u8) -> Provider {
    match byte % 12 {
        0 => web_identity(Token::Value(Secret::new(TOKEN))),
        1 => web_by_oidc(ClientAuthentication::Form),
        2 => web_identity(Token::Listener { listener: listener(), header: None }),
        3 => web_identity(Token::Listener { listener: listener(), header: Some(text("x-token")) }),
        4 => assume_role(fixed()),
        5 => assume_role(web_by_oidc(ClientAuthentication::Basic)),
        6 => assume_role(assume_role(fixed())),
        7 => container(),
        8 => instance_metadata(None),
        9 => instance_metadata(Some("gateway")),
        10 => mounted_file(),
        _ => Provider::Chain(vec![
            web_by_oidc(ClientAuthentication::Form),
            assume_role(container()),
            instance_metadata(None),
            mounted_file(),
        ]),
    }
}

/// What the other side should say.
fn good(call: &Call) -> Answer {
    let body = match (call.cluster.as_str(), call.method) {
        ("sts", _) => format!(
            "<a><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>{SESSION_TOKEN}\
            </SessionToken><Expiration>2026-11-22T13:00:00Z</Expiration></a>"
        ),
        ("oidc", _) => format!(r#"{{"id_token":"{TOKEN}"}}"#),
        // A file, and no token.
        ("files", _) => text("[default]\naws_access_key_id=A\naws_secret_access_key=s\n"),
        ("imds", "PUT") => text(METADATA_TOKEN),
        ("imds", _) if call.path.ends_with('/') => text("gateway"),
        _ => text(r#"{"AccessKeyId":"ASIA","SecretAccessKey":"secret","Expiration":"2026-11-22T13:00:00Z"}"#),
    };
    Answer { status: 200, headers: vec![(text("x-token"), Secret::new(TOKEN))], body: body.into_bytes() }
}

fn answer(call: &Call, told: &[&str], chosen: Option<&[u8]>) -> Result<Answer, CallFailure> {
    let Some((how, body)) = chosen.and_then(<[u8]>::split_first) else { return Ok(good(call)) };
    let status = match how % 10 {
        0 | 1 => 200,
        2 => 400,
        3 => 401,
        4 => 403,
        5 => 404,
        6 => 504,
        7 => return Err([CallFailure::NoCluster, CallFailure::NotSent, CallFailure::Broken][body.len() % 3]),
        8 => 100 + u16::from(how / 10) * 20,
        _ => return Ok(good(call)),
    };
    let secret = told.get(usize::from(how / 10) % told.len().max(1)).copied().unwrap_or("x");
    let mut planted = Vec::new();
    for (index, part) in body.split(|byte| *byte == b'~').enumerate() {
        planted.extend_from_slice(if index == 0 { b"" } else { secret.as_bytes() });
        planted.extend_from_slice(part);
    }
    let value = String::from_utf8_lossy(&planted).into_owned();
    let headers = ["date", "x-token", "location"].map(|name| (text(name), Secret::new(value.as_str())));
    Ok(Answer { status, headers: headers.into(), body: planted })
}

fn shows_nothing(shown: &str, told: &[&str]) {
    for secret in told {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// What a call tells, as a header or in its form.
fn told_in(call: &Call) -> Vec<&'static str> {
    let fields = call.body.expose().split('&').filter_map(|field| field.split_once('='));
    let headers = call.headers.iter().map(|(_, value)| value.expose().trim_start_matches("Basic "));
    let told: Vec<_> = fields.map(|(_, value)| value).chain(headers).collect();
    SECRETS.into_iter().filter(|secret| told.contains(secret)).collect()
}

fuzz_target!(|input: &[u8]| {
    let Some((&chosen, rest)) = input.split_first() else { return };
    let provider = Rc::new(source(chosen));
    shows_nothing(&format!("{provider:?}"), &SECRETS);
    let mut answers = rest.split(|byte| *byte == 0);
    let (mut fetch, mut step) = Fetch::begin(&provider, NOON);
    let mut told = Vec::new();
    for _ in 0..MOST_CALLS {
        let outcome = match step {
            Step::Send(call) => {
                told = told_in(&call);
                // Its path may have a role's name in it, which the other side chose.
                shows_nothing(&format!("{call:?}").replace(&call.path, ""), &SECRETS);
                let answer = answer(&call, &told, answers.next());
                shows_nothing(&format!("{answer:?}"), &told);
                step = fetch.answered(answer, NOON);
                if let Step::Done(Err(FetchError { text, detail })) = &step {
                    shows_nothing(&format!("{text} {detail:?}"), &told);
                }
                for passed in fetch.passed() {
                    shows_nothing(&passed.to_string(), &SECRETS);
                }
                continue;
            }
            Step::Done(outcome) => outcome,
        };
        let record = match &outcome {
            Ok(fetched) => {
                assert!(fetched.expires.is_none_or(|expires| expires > NOON));
                if let Credentials::AccessKey(AccessKey { access_key_id, secret_access_key, session_token }) =
                    &fetched.credentials
                {
                    let sendable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
                    assert!(sendable(access_key_id) && sendable(secret_access_key.expose()));
                    assert!(session_token.as_ref().is_none_or(|token| sendable(token.expose())));
                }
                Record::default().fetched(fetched, NOON * 1_000, 0)
            }
            Err(error) => {
                shows_nothing(&error.to_string(), &told);
                assert!(!error.to_string().contains(char::is_control), "{error:?}");
                Record::default().failed(error, NOON * 1_000, 0)
            }
        };
        assert_eq!(Record::decode(&record.encoded()), Some(record));
        return;
    }
    panic!("no end: {provider:?}");
});
