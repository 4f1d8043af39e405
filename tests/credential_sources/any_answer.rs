//! Answers that any call may get: each of them, to each call of each source.

use bedrock_messages::aws::credentials::call::LONGEST_ANSWER;
use bedrock_messages::aws::credentials::{CallFailure, Provider};

use crate::play::{MARKER, NOON, Told, drive, play, refused, told, told_with};
use crate::sources::{
    CONTAINER_CALL, CONTAINER_TOKEN, DOCUMENT, FILE, FILE_CALL, METADATA_CALL, METADATA_TOKEN_CALL, OIDC_CALL,
    ROLE_CALL, ROLES_CALL, TOKEN, TOKEN_CALL, WEB_CALL, assume_role, container, fixed, instance_metadata, mounted_file,
    sts_answer, web_by_listener, web_by_oidc, web_by_value,
};

/// A call of a source.
struct Stage {
    call: &'static str,
    /// Whom errors name.
    who: &'static str,
    good: Told,
    /// What is said of an answer without a body, and of a page of HTML.
    empty: &'static str,
    html: &'static str,
}

const STS: &str = "STS";
const METADATA: &str = "the instance metadata service";
const CONTAINER: &str = "the container's endpoint";
const LISTENER: &str = "the listener for the mounted file";
const NO_XML: &str = "STS answered with a document whose Expiration is missing or cannot be used";
const NO_TOKEN: &str = "the token is none: it has 4 to 20000 printable characters";

/// Every source, with its calls.
fn sources() -> Vec<(Provider, &'static str, Vec<Stage>)> {
    let sts = |call, action| Stage { call, who: STS, good: told(200, sts_answer(action)), empty: NO_XML, html: NO_XML };
    let web = || sts(WEB_CALL, "AssumeRoleWithWebIdentity");
    let not_json = |who: &str| format!("{who} answered with something that is no JSON object").leak() as &str;
    let oidc = || {
        let said = not_json("the OIDC issuer");
        let good = told(200, format!(r#"{{"id_token": "{TOKEN}"}}"#));
        Stage { call: OIDC_CALL, who: "the OIDC issuer", good, empty: said, html: said }
    };
    let token = Stage { call: TOKEN_CALL, who: LISTENER, good: told(200, TOKEN), empty: NO_TOKEN, html: NO_TOKEN };
    let document =
        |call, who| Stage { call, who, good: told(200, DOCUMENT), empty: not_json(who), html: not_json(who) };
    let metadata = |call, good| {
        let empty = "the instance metadata service answered with no token";
        Stage { call, who: METADATA, good: told(200, good), empty, html: empty }
    };
    let roles = |mut stage: Stage| {
        (stage.empty, stage.html) = (
            "the instance metadata service answered with no name of a role",
            "the instance metadata service answered with no name of a role",
        );
        stage
    };
    let file = Stage {
        call: FILE_CALL,
        who: LISTENER,
        good: told(200, FILE),
        empty: "no profile team",
        html: "line 1: expected a [profile] before the first property",
    };
    vec![
        (web_by_value(), "webIdentity", vec![web()]),
        (web_by_oidc(), "webIdentity", vec![oidc(), web()]),
        (web_by_listener(None), "webIdentity", vec![token, web()]),
        (assume_role(fixed()), "assumeRole", vec![sts(ROLE_CALL, "AssumeRole")]),
        (assume_role(web_by_oidc()), "assumeRole: webIdentity", vec![oidc()]),
        (container(Some(CONTAINER_TOKEN)), "container", vec![document(CONTAINER_CALL, CONTAINER)]),
        (
            instance_metadata(None, true),
            "instanceMetadata",
            vec![
                metadata(METADATA_TOKEN_CALL, "s3cr3t-one"),
                roles(metadata(ROLES_CALL, "gateway")),
                document(METADATA_CALL, METADATA),
            ],
        ),
        (mounted_file(), "credentialsFile", vec![file]),
        (Provider::Chain(vec![web_by_value()]), "chain: webIdentity", vec![web()]),
    ]
}

#[test]
fn each_answer_to_each_call() {
    let html = "<html><body>sign in</body></html>";
    let long = "x".repeat(LONGEST_ANSWER + 1);
    for (provider, name, stages) in sources() {
        for (at, Stage { call, who, empty, html: said_of_html, .. }) in stages.iter().enumerate() {
            let before: Vec<_> = stages[..at].iter().map(|stage| (stage.call, stage.good.clone())).collect();
            let refused = |told: Told| refused(&provider, &[before.clone(), vec![(*call, told)]].concat());
            let says = |told: Told, said: &str| {
                let (text, detail) = refused(told.clone());
                assert_eq!(text, format!("{name}: {said}"), "{told:?} to {call}");
                assert_eq!(detail, None, "{call}");
            };

            for (failure, said) in [
                (CallFailure::NoCluster, "Envoy has no such cluster"),
                (CallFailure::NotSent, "the cluster has no host, or a filter of its refuses the call"),
                (CallFailure::Broken, "the connection broke before the answer was complete"),
            ] {
                let cluster = call.split(" by ").nth(1).unwrap().split([';', ' ']).next().unwrap();
                let (text, detail) = refused(Err(failure));
                assert_eq!(text, format!("{name}: {who} gave no answer: {said}"));
                let of_whom = name.strip_prefix("chain: ").map(|member| format!("{member}: ")).unwrap_or_default();
                assert_eq!(detail, Some(format!("{of_whom}cluster {cluster}")), "{call}");
            }
            for status in [100, 201, 204, 301, 302, 307, 400, 429, 500, 502, 503] {
                says(
                    told_with(status, &[("location", "https://s3cr3t.example.com")], ""),
                    &format!("{who} answered {status}"),
                );
                says(told(status, html), &format!("{who} answered {status}"));
                says(told(status, long.as_str()), &format!("{who} answered {status}"));
                says(told(status, b"\xff\xfe".as_slice()), &format!("{who} answered {status}"));
            }
            says(told(200, b"s3cr3t\xff".as_slice()), &format!("{who} answered with something that is no text"));
            says(told(200, long.as_str()), &format!("{who} answered with more than 64 KiB"));
            says(told(200, ""), empty);
            says(told(200, " \r\n"), empty);
            says(told_with(200, &[("content-type", "text/html")], html), said_of_html);
        }
    }
}

/// What is cut off gives nothing, or what the whole gives; a text without an end of its own (a token, a file) is an exception.
#[test]
fn no_document_that_is_cut_gives_other_credentials() {
    for (provider, _, stages) in sources() {
        let (last, before) = stages.split_last().unwrap();
        if last.call == FILE_CALL || last.call == OIDC_CALL {
            continue;
        }
        let body = last.good.clone().unwrap().body;
        let mut cuts = 0;
        for end in 0..body.len() {
            let mut answers = before.iter().map(|stage| stage.good.clone()).chain([told(200, &body[..end])]);
            let (_, outcome) = drive(&provider, |_| answers.next().unwrap());
            let script: Vec<_> = stages.iter().map(|stage| (stage.call, stage.good.clone())).collect();
            if outcome.is_ok() {
                assert_eq!(outcome, play(&provider, &script), "{end}");
            }
            cuts += usize::from(outcome.is_err());
        }
        assert!(cuts > body.len() / 2);
    }
}

/// The content type decides nothing: endpoints are known to send a wrong one.
#[test]
fn the_content_type_is_not_asked_for() {
    for (provider, _, stages) in sources() {
        if matches!(stages[..], [Stage { call: OIDC_CALL, .. }]) {
            continue;
        }
        let script = |headers: &[(&str, &str)]| -> Vec<(&str, Told)> {
            let told = |stage: &Stage| {
                let body = String::from_utf8(stage.good.clone().unwrap().body).unwrap();
                (stage.call, told_with(200, headers, &body))
            };
            stages.iter().map(told).collect()
        };
        let plain = play(&provider, &script(&[]));
        assert!(plain.is_ok());
        for wrong in ["text/html", "application/json", "application/octet-stream", MARKER] {
            assert_eq!(play(&provider, &script(&[("content-type", wrong)])), plain);
        }
        assert!(plain.unwrap().expires.is_none_or(|expires| expires > NOON));
    }
}
