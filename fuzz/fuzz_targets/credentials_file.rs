//! A credentials file: no text panics, no error shows what is in it, what is read can be sent.

#![no_main]

use bedrock_messages::aws::credentials::{AccessKey, Credentials, credentials_file};
use libfuzzer_sys::fuzz_target;

/// Stands where the input has `~`. It cannot be part of a profile's name, which an error does show.
const SECRET: &str = "s3cr3t!";
const PROFILES: [&str; 3] = ["default", "team", "a+b/c"];

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    if text.contains(SECRET) {
        return;
    }
    let text = text.replace('~', SECRET);
    for profile in PROFILES {
        let read = credentials_file::credentials(&text, profile);
        match &read {
            Err(error) => assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}"),
            Ok(Credentials::AccessKey(AccessKey { access_key_id, secret_access_key, session_token })) => {
                let sendable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
                assert!(sendable(access_key_id) && sendable(secret_access_key.expose()));
                assert!(session_token.as_ref().is_none_or(|token| sendable(token.expose())));
            }
            Ok(Credentials::ApiKey(_)) => panic!("a file has access keys"),
        }
        // Line ends and comments change nothing.
        if !text.contains('\r') {
            assert_eq!(credentials_file::credentials(&text.replace('\n', "\r\n"), profile), read);
        }
        assert_eq!(credentials_file::credentials(&format!("{text}\n# x\n ; y\n\t\n"), profile), read);
    }
});
