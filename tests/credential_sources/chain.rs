//! `chain`: the first that yields.

use bedrock_messages::aws::credentials::{CallFailure, Credentials, FetchError, Fetched, Provider, Secret};

use crate::play::{ONE, access_key, fetched, play, play_all, refused, told};
use crate::sources::{
    CONTAINER_CALL, CONTAINER_TOKEN, DOCUMENT, FILE, FILE_CALL, METADATA_TOKEN_CALL, ROLE_CALL, WEB_CALL, assume_role,
    container, document_key, fixed, instance_metadata, mounted_file, sts_answer, sts_key, web_by_value,
};

fn missing() -> Provider {
    Provider::Fixed("environment", Err("AWS_ACCESS_KEY_ID is not set".to_owned()))
}

#[test]
fn the_first_that_yields() {
    let static_key = || access_key("AKIDSTATIC", "s3cr3t/static", None);
    let web_answer = || told(200, sts_answer("AssumeRoleWithWebIdentity"));
    let denied = || told(403, "");
    let chain = |sources: Vec<Provider>| Provider::Chain(sources);
    let held = || container(Some(CONTAINER_TOKEN));
    for (provider, script, member, expected) in [
        (chain(vec![fixed(), web_by_value()]), vec![], 0, fetched("chain: static", static_key(), None)),
        (chain(vec![missing(), fixed()]), vec![], 1, fetched("chain: static", static_key(), None)),
        (
            chain(vec![missing(), web_by_value(), held()]),
            vec![(WEB_CALL, web_answer())],
            1,
            fetched("chain: webIdentity", sts_key(), Some(ONE)),
        ),
        (
            chain(vec![web_by_value(), held(), fixed()]),
            vec![(WEB_CALL, denied()), (CONTAINER_CALL, told(200, DOCUMENT))],
            1,
            fetched("chain: container", document_key(), Some(ONE)),
        ),
        (
            chain(vec![web_by_value(), held(), fixed()]),
            vec![(WEB_CALL, Err(CallFailure::NoCluster)), (CONTAINER_CALL, told(200, "{}"))],
            2,
            fetched("chain: static", static_key(), None),
        ),
        (
            chain(vec![missing(), assume_role(fixed())]),
            vec![(ROLE_CALL, told(200, sts_answer("AssumeRole")))],
            1,
            fetched("chain: assumeRole of static", sts_key(), Some(ONE)),
        ),
        (
            chain(vec![chain(vec![missing(), instance_metadata(None, false)]), chain(vec![mounted_file()])]),
            vec![(METADATA_TOKEN_CALL, denied()), (FILE_CALL, told(200, FILE))],
            1,
            fetched("chain: chain: credentialsFile", access_key("AKIDFILE", "s3cr3t/file", None), None),
        ),
        // Expired ones are none.
        (
            chain(vec![held(), fixed()]),
            vec![(CONTAINER_CALL, told(200, DOCUMENT.replace("13:00:00Z", "11:59:59Z")))],
            1,
            fetched("chain: static", static_key(), None),
        ),
    ] {
        let expected = expected.map(|fetched| Fetched { member, ..fetched });
        assert_eq!(play(&provider, &script), expected);
    }
    let key = Credentials::ApiKey(Secret::new("s3cr3t-api-key"));
    let outcome = play(&Provider::Chain(vec![missing(), Provider::Fixed("apiKey", Ok(key.clone()))]), &[]).unwrap();
    assert_eq!((outcome.credentials, outcome.source.as_str()), (key, "chain: apiKey"));
}

#[test]
fn without_one_each_error_is_told() {
    let file = Provider::Fixed("credentialsFile", Err("credentials file in the variable A: not set".to_owned()));
    let provider = Provider::Chain(vec![
        missing(),
        web_by_value(),
        file,
        assume_role(missing()),
        container(Some(CONTAINER_TOKEN)),
        instance_metadata(None, false),
        Provider::Chain(vec![missing()]),
    ]);
    let script = [
        (WEB_CALL, told(403, "<a><Code>AccessDenied</Code><Message>no trust</Message></a>")),
        (CONTAINER_CALL, Err(CallFailure::NotSent)),
        (METADATA_TOKEN_CALL, told(500, "")),
    ];
    let (text, detail) = refused(&provider, &script);
    assert_eq!(
        text,
        "chain: environment: AWS_ACCESS_KEY_ID is not set; webIdentity: STS answered 403 AccessDenied; \
        credentialsFile: credentials file in the variable A: not set; \
        assumeRole: environment: AWS_ACCESS_KEY_ID is not set; \
        container: the container's endpoint gave no answer: the cluster has no host, or a filter of its refuses the call; \
        instanceMetadata: the instance metadata service answered 500; \
        chain: environment: AWS_ACCESS_KEY_ID is not set"
    );
    assert_eq!(detail.as_deref(), Some("webIdentity: no trust; container: cluster ecs"));
    assert_eq!(refused(&Provider::Chain(vec![missing()]), &[]).1, None);
}

/// The errors in front of what yields are told beside it; of what can never give anything the configuration was told.
#[test]
fn what_is_passed_over_is_told() {
    let denied = || told(403, "<a><Code>AccessDenied</Code><Message>no trust</Message></a>");
    let chain = || {
        Provider::Chain(vec![
            missing(),
            assume_role(missing()),
            web_by_value(),
            container(Some(CONTAINER_TOKEN)),
            fixed(),
        ])
    };
    let script = || vec![(WEB_CALL, denied()), (CONTAINER_CALL, Err(CallFailure::NotSent))];
    let texts = |passed: Vec<FetchError>| {
        passed.iter().map(|error| (error.kind().to_owned(), error.to_string())).collect::<Vec<_>>()
    };
    let web = ("webIdentity".to_owned(), "webIdentity: STS answered 403 AccessDenied (no trust)".to_owned());
    let ecs = (
        "container".to_owned(),
        "container: the container's endpoint gave no answer: the cluster has no host, or a filter of its refuses the call \
        (cluster ecs)".to_owned(),
    );
    let (outcome, passed) = play_all(&chain(), &script());
    assert!(outcome.is_ok());
    assert_eq!(texts(passed), [web.clone(), ecs.clone()]);

    // Of the source of a role too, whatever becomes of the role.
    for (answer, good) in [(told(200, sts_answer("AssumeRole")), true), (denied(), false)] {
        let (outcome, passed) = play_all(&assume_role(chain()), &[script(), vec![(ROLE_CALL, answer)]].concat());
        assert_eq!(outcome.is_ok(), good);
        assert!(outcome.is_err() || outcome.unwrap().member == 0, "the role is the same by any of them");
        assert_eq!(texts(passed), [web.clone(), ecs.clone()]);
    }

    // Where none yields they are in the error itself.
    let (outcome, passed) = play_all(&Provider::Chain(vec![missing(), web_by_value()]), &[(WEB_CALL, denied())]);
    assert!(outcome.is_err() && passed.is_empty());
}

/// The type that metrics name.
#[test]
fn the_kind_of_what_yields() {
    let role = || vec![(ROLE_CALL, told(200, sts_answer("AssumeRole")))];
    for (provider, script, kind) in [
        (fixed(), vec![], "static"),
        (Provider::Chain(vec![missing(), fixed()]), vec![], "static"),
        (
            Provider::Chain(vec![Provider::Chain(vec![mounted_file()])]),
            vec![(FILE_CALL, told(200, FILE))],
            "credentialsFile",
        ),
        (assume_role(fixed()), role(), "assumeRole"),
        (assume_role(Provider::Chain(vec![fixed()])), role(), "assumeRole"),
        (
            Provider::Chain(vec![missing(), assume_role(Provider::Chain(vec![missing(), fixed()]))]),
            role(),
            "assumeRole",
        ),
    ] {
        assert_eq!(play(&provider, &script).unwrap().kind(), kind);
    }
}
