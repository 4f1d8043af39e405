//! No secret comes back: not when the other side says what it was told, in whatever way.

use bedrock_messages::aws::credentials::web_identity::Token;
use bedrock_messages::aws::credentials::{Call, Credentials, FetchError, Held, Provider, Record, Secret};
use bedrock_messages::aws::sigv4::QUERY;
use proptest::prelude::*;

use crate::play::{MARKER, NOON, Told, access_key, drive, shows_nothing, told, told_with};
use crate::sources::{
    CONTAINER_TOKEN, DOCUMENT, FILE, TOKEN, assume_role, container, fixed, instance_metadata, mounted_file, sts_answer,
    web_by_basic_oidc, web_by_listener, web_by_oidc, web_by_value, web_identity,
};

fn sources() -> Vec<Provider> {
    let key = access_key("ASIASTATIC", "s3cr3t/temporary", Some("s3cr3t/token+=="));
    let temporary = || Provider::Fixed("static", Ok(Credentials::AccessKey(key.clone())));
    let api_key = Provider::Fixed("apiKey", Ok(Credentials::ApiKey(Secret::new("s3cr3t-api-key"))));
    vec![
        web_by_value(),
        web_by_oidc(),
        web_by_basic_oidc(),
        web_by_listener(None),
        web_by_listener(Some("x-token")),
        assume_role(fixed()),
        assume_role(temporary()),
        assume_role(web_by_oidc()),
        assume_role(assume_role(temporary())),
        assume_role(api_key),
        container(Some(CONTAINER_TOKEN)),
        instance_metadata(None, true),
        instance_metadata(Some("gateway"), false),
        mounted_file(),
        Provider::Chain(vec![
            web_by_oidc(),
            assume_role(temporary()),
            container(Some(CONTAINER_TOKEN)),
            instance_metadata(None, false),
            mounted_file(),
        ]),
    ]
}

/// What a call tells the other side that has a secret in it: values of headers, the form as a whole and field by field.
fn secrets_of(call: &Call) -> Vec<String> {
    let mut told: Vec<String> = call.headers.iter().map(|(_, value)| value.expose().to_owned()).collect();
    told.push(call.body.expose().to_owned());
    for field in call.body.expose().split('&') {
        let value = field.split_once('=').map_or(field, |(_, value)| value);
        told.push(value.to_owned());
        told.push(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned());
    }
    told.retain(|text| text.contains(MARKER));
    told
}

/// A text as somebody might quote it.
const WAYS: usize = 8;
fn quoted(secret: &str, way: usize) -> String {
    let encoded = percent_encoding::utf8_percent_encode(secret, QUERY).to_string();
    match way {
        0 => secret.to_owned(),
        1 => encoded,
        2 => encoded.replace("%2F", "%2f").replace("%3D", "%3d").replace("%2B", "%2b"),
        3 => percent_encoding::utf8_percent_encode(&encoded, QUERY).to_string(),
        4 => format!("the token '{secret}' is not valid"),
        5 => format!("client_secret={encoded}&grant_type=x"),
        6 => format!("{}{secret}", "x".repeat(250)),
        _ => percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
    }
}

/// Documents that say it, with every status that is read.
const DOCUMENTS: usize = 7;
fn document(quoted: &str, kind: usize) -> Told {
    let xml = quoted.replace('&', "&amp;").replace('<', "&lt;");
    let json = serde_json::Value::from(quoted).to_string();
    match kind {
        0 => told(403, format!("<a><Code>{xml}</Code><Message>{xml}</Message></a>")),
        1 => {
            told(400, format!(r#"{{"error": {json}, "error_description": {json}, "code": {json}, "message": {json}}}"#))
        }
        2 => told(200, format!(r#"{{"Code": {json}, "AccessKeyId": {json}, "SecretAccessKey": {json}}}"#)),
        3 => told(200, format!("<a><Code>{xml}</Code><Expiration>{xml}</Expiration></a>")),
        4 => told(200, format!("[team]\n{quoted}")),
        5 => told_with(503, &[("date", quoted), ("location", quoted), ("x-token", quoted)], quoted),
        _ => told(200, format!(r#"{{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": {json}}}"#)),
    }
}

/// What a call hopes for.
fn good(call: &Call) -> Told {
    match (call.cluster.as_str(), call.path.as_str()) {
        ("sts", _) => told(200, sts_answer("AssumeRole")),
        ("oidc", _) => told(200, format!(r#"{{"id_token": "{TOKEN}"}}"#)),
        ("files", "/token") => told_with(200, &[("x-token", TOKEN)], TOKEN),
        ("files", _) => told(200, FILE),
        ("imds", "/latest/api/token") => told(200, "s3cr3t-one"),
        ("imds", path) if path.ends_with('/') => told(200, "gateway"),
        _ => told(200, DOCUMENT),
    }
}

/// `drive` looks at every word that is said on the way.
#[test]
fn nothing_that_was_told_comes_back() {
    let mut echoes = 0;
    for provider in sources() {
        for bad in 0..8 {
            for way in 0..WAYS {
                for kind in 0..DOCUMENTS {
                    let mut number = 0;
                    let (_, outcome) = drive(&provider, |call| {
                        number += 1;
                        let secrets = secrets_of(call);
                        if number <= bad || secrets.is_empty() {
                            return good(call);
                        }
                        echoes += 1;
                        document(&quoted(&secrets[bad % secrets.len()], way), kind)
                    });
                    if let Err(error) = outcome {
                        let record = Record::default().failed(&error, NOON * 1_000, 0);
                        shows_nothing(&format!("{record:?} {}", record.error));
                        shows_nothing(&String::from_utf8_lossy(&record.encoded()));
                    }
                }
            }
        }
    }
    assert!(echoes > 1_000, "{echoes}");
}

/// A code is as long as it may be, a secret longer: a piece of it must not pass for a code.
#[test]
fn a_piece_of_a_secret_is_no_code() {
    let token = format!("{}{}", "s3cr3t".repeat(10), "x".repeat(100));
    let provider = web_identity(Token::Value(Secret::new(token.as_str())));
    let document = format!("<a><Code>{}</Code></a>", &token[..60]);
    drive(&provider, |_| told(403, document.as_str())).1.unwrap_err();
}

/// What was cut off stands in other words: more than a few bytes of it are not shown, wherever they are of.
#[test]
fn a_longer_piece_in_other_words() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJnYXRld2F5In0.c2lnbmF0dXJl";
    let provider = web_identity(Token::Value(Secret::new(token)));
    for (from, long, words, shown) in [
        (0, 12, "the token 'X…' is not valid", false),
        (20, 12, "X", false),
        (20, 30, "malformed: …X… (cut)", false),
        (5, 20, "a=b&token=X%2", false),
        (5, 20, "ünïcode X", false),
        // As much of it stands in many a text.
        (0, 11, "the token 'X…' is not valid", true),
        (0, 0, "the token is not valid", true),
    ] {
        let said = words.replace('X', &token[from..from + long]);
        let document =
            format!("<a><Code>InvalidIdentityToken</Code><Message>{}</Message></a>", said.replace('&', "&amp;"));
        let (_, outcome) = drive(&provider, |_| told(400, document.as_str()));
        let expected = if shown { said } else { "what it says repeats a secret".to_owned() };
        assert_eq!(outcome.unwrap_err().detail, Some(expected));
    }
}

#[test]
fn debug_output_shows_nothing() {
    for provider in sources() {
        shows_nothing(&format!("{provider:?}"));
        shows_nothing(&provider.identity());
        let (_, outcome) = drive(&provider, good);
        let record = match &outcome {
            Ok(fetched) => Record::default().fetched(fetched, NOON * 1_000, 0),
            Err(error) => Record::default().failed(error, NOON * 1_000, 0),
        };
        shows_nothing(&format!("{outcome:?} {record:?}"));
    }
    let held = Held { credentials: Credentials::ApiKey(Secret::new(MARKER)), expires: None, refresh_at: 0, member: 0 };
    shows_nothing(&format!("{held:?} {:?} {:?}", Secret::new(MARKER), access_key("A", MARKER, Some(MARKER))));
    shows_nothing(&format!("{:?}", FetchError::new("x").of("y")));
}

/// A record is kept under a name for exactly one source.
#[test]
fn identities_differ() {
    let mut identities: Vec<_> = sources().iter().map(Provider::identity).collect();
    identities.push(container(Some("other")).identity());
    identities.push(container(None).identity());
    identities.push(instance_metadata(None, false).identity());
    let count = identities.len();
    assert!(identities.iter().all(|identity| identity.len() == 64 && *identity == identity.to_lowercase()));
    assert_eq!(sources()[0].identity(), identities[0]);
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), count);
}

proptest! {
    /// Any bytes from the other side: no panic, an end (`drive` counts the calls), nothing shown.
    #[test]
    fn any_answers(
        source in any::<prop::sample::Index>(),
        answers in prop::collection::vec((prop_oneof![Just(200_u16), 100_u16..600], ".{0,60}|[<>A-Za-z/&;=\\[\\]{}\":,s3cr3t\n -]{0,80}"), 1..12),
    ) {
        let sources = sources();
        let mut answers = answers.iter().cycle();
        let _ = drive(&sources[source.index(sources.len())], |call| {
            let (status, body) = answers.next().unwrap();
            // What it was never told, nobody can hide.
            if *status == 299 { good(call) } else { told(*status, body.replace(MARKER, "")) }
        });
    }
}
