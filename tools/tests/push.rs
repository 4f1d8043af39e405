//! `image --push`, to a registry in this process.

mod registry;

use bedrock_messages_tools::image::{Error, Image, Options, PushError, run};
use registry::{Behaviour, Registry};
use sha2::{Digest, Sha256};

const MODULE: &[u8] = b"\0asm\x01\0\0\0 a module";

fn push(registry: &Registry) -> Result<String, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let module = folder.path().join("module.wasm");
    std::fs::write(&module, MODULE).expect("a folder");
    run(&Options { module, layout: None, push: Some(format!("{}/a/filter:1", registry.address)), plain_http: true })
}

#[test]
fn blobs_go_before_the_manifest_and_only_once() {
    let registry = Registry::start(Behaviour::default());
    let report = push(&registry).expect("it is pushed");
    let image = Image::new(MODULE).expect("an image");
    {
        let given = registry.given.lock().expect("a lock");
        for (digest, bytes) in &given.blobs {
            assert_eq!(*digest, format!("sha256:{}", hex::encode(Sha256::digest(bytes))));
        }
        let expected: Vec<String> = image.blobs().iter().map(|blob| blob.digest()).collect();
        assert!(expected.iter().all(|digest| given.blobs.contains_key(digest)));
        let (kind, manifest) = &given.manifests["1"];
        assert_eq!(kind, "application/vnd.oci.image.manifest.v1+json");
        assert_eq!(*manifest, image.manifest.bytes);
        assert!(given.requests.last().is_some_and(|last| last == "PUT /v2/a/filter/manifests/1"));
    }
    let expected = format!(
        "digest: {0}\n\ncode:\n  type: Image\n  image:\n    url: {1}/a/filter:1\n    sha256: \"{2}\"\n",
        image.manifest.digest(),
        registry.address,
        image.manifest.digest().trim_start_matches("sha256:"),
    );
    assert_eq!(report, expected);
    registry.given.lock().expect("a lock").requests.clear();
    push(&registry).expect("it is pushed again");
    let given = registry.given.lock().expect("a lock");
    assert!(!given.requests.iter().any(|request| request.starts_with("POST")), "{:?}", given.requests);
}

#[test]
fn a_token_is_fetched_where_one_is_wanted() {
    let registry = Registry::start(Behaviour { asks_for_token: true, ..Behaviour::default() });
    push(&registry).expect("it is pushed");
    let given = registry.given.lock().expect("a lock");
    assert_eq!(given.requests[1], "GET /token?scope=repository%3Aa%2Ffilter%3Apull%2Cpush&service=test");
    assert!(given.manifests.contains_key("1"));
}

#[test]
fn refusals_are_named() {
    for (behaviour, expected) in [
        (Behaviour { refuses_with: 403, ..Behaviour::default() }, PushError::Refused("an upload", 403)),
        (Behaviour { refuses_with: 500, ..Behaviour::default() }, PushError::Refused("an upload", 500)),
        (
            Behaviour { names_other_digest: true, ..Behaviour::default() },
            PushError::Unexpected("with another digest of the manifest"),
        ),
    ] {
        match push(&Registry::start(behaviour)) {
            Err(Error::Push(error)) => assert_eq!(error, expected),
            other => panic!("{expected:?}: {other:?}"),
        }
    }
    let gone = Registry { address: "127.0.0.1:1".to_owned(), given: Default::default() };
    assert!(matches!(push(&gone), Err(Error::Push(PushError::Unreachable(_)))));
}
