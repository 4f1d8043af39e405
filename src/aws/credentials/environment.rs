//! `environment`: the variables that AWS's own tools read.

use super::{AccessKey, Credentials, Secret, key_text};

/// A Bedrock API key.
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Reads the credentials; the error names the variables that are missing or unusable.
///
/// A Bedrock API key wins over access keys, as in AWS's SDKs, but where only `access_keys` will do; a variable that is empty
/// counts as not set.
pub fn credentials(environment: &dyn Fn(&str) -> Option<String>, access_keys: bool) -> Result<Credentials, String> {
    let read = |name: &str| match environment(name).filter(|value| !value.trim().is_empty()) {
        Some(value) => {
            key_text(&value).map(|text| Some(text.to_owned())).map_err(|expected| format!("{name}: {expected}"))
        }
        None => Ok(None),
    };
    if !access_keys && let Some(key) = read(BEARER)? {
        return Ok(Credentials::ApiKey(Secret::new(key)));
    }
    match (read(ACCESS_KEY_ID)?, read(SECRET_ACCESS_KEY)?) {
        (Some(access_key_id), Some(secret)) => Ok(Credentials::AccessKey(AccessKey {
            access_key_id,
            secret_access_key: Secret::new(secret),
            session_token: read(SESSION_TOKEN)?.map(Secret::new),
        })),
        (Some(_), None) => Err(format!("{SECRET_ACCESS_KEY} is not set")),
        (None, Some(_)) => Err(format!("{ACCESS_KEY_ID} is not set")),
        (None, None) if access_keys => Err(format!("{ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} are not set")),
        (None, None) => Err(format!("neither {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} nor {BEARER} are set")),
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessKey, Credentials, Secret, credentials};

    fn read_as(variables: &[(&str, &str)], access_keys: bool) -> Result<Credentials, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name);
        credentials(&|name| variable(name).map(|(_, value)| (*value).to_owned()), access_keys)
    }

    fn read(variables: &[(&str, &str)]) -> Result<Credentials, String> {
        read_as(variables, false)
    }

    fn access_key(session_token: Option<&str>) -> Credentials {
        Credentials::AccessKey(AccessKey {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("se/cr+et="),
            session_token: session_token.map(Secret::new),
        })
    }

    const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", " se/cr+et=\n");
    const TOKEN: (&str, &str) = ("AWS_SESSION_TOKEN", "token");
    const BEARER: (&str, &str) = ("AWS_BEARER_TOKEN_BEDROCK", "ABSK0");

    #[test]
    fn what_is_set_decides() {
        assert_eq!(read(&[ID, SECRET]), Ok(access_key(None)));
        assert_eq!(read(&[ID, SECRET, TOKEN]), Ok(access_key(Some("token"))));
        assert_eq!(read(&[ID, SECRET, ("AWS_SESSION_TOKEN", " ")]), Ok(access_key(None)));
        assert_eq!(read(&[BEARER]), Ok(Credentials::ApiKey(Secret::new("ABSK0"))));
        assert_eq!(read(&[ID, SECRET, TOKEN, BEARER]), Ok(Credentials::ApiKey(Secret::new("ABSK0"))));
        assert_eq!(read(&[ID, SECRET, ("AWS_BEARER_TOKEN_BEDROCK", "")]), Ok(access_key(None)));
    }

    /// An API key, even one that is none, stands in the way of none.
    #[test]
    fn where_access_keys_are_wanted() {
        let broken = ("AWS_BEARER_TOKEN_BEDROCK", "two words");
        for bearer in [BEARER, broken] {
            assert_eq!(read_as(&[ID, SECRET, TOKEN, bearer], true), Ok(access_key(Some("token"))));
            assert_eq!(read_as(&[ID, bearer], true), Err("AWS_SECRET_ACCESS_KEY is not set".to_owned()));
            let neither = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set";
            assert_eq!(read_as(&[bearer], true), Err(neither.to_owned()));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (variables, reason) in [
            (&[][..], "neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor AWS_BEARER_TOKEN_BEDROCK are set"),
            (&[TOKEN], "neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor AWS_BEARER_TOKEN_BEDROCK are set"),
            (&[ID], "AWS_SECRET_ACCESS_KEY is not set"),
            (&[SECRET], "AWS_ACCESS_KEY_ID is not set"),
            (
                &[ID, ("AWS_SECRET_ACCESS_KEY", "two\r\nlines")],
                "AWS_SECRET_ACCESS_KEY: expected printable ASCII without spaces",
            ),
            (
                &[("AWS_BEARER_TOKEN_BEDROCK", "a\u{1}b")],
                "AWS_BEARER_TOKEN_BEDROCK: expected printable ASCII without spaces",
            ),
        ] {
            assert_eq!(read(variables), Err(reason.to_owned()));
        }
    }
}
