//! The JSON document of credentials that container endpoints and instance metadata hand out:
//! `{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}`, names in any case as AWS's SDKs read it.

use serde_json::Value;

use super::call::{Answer, Call};
use super::error::is_code;
use super::expiration::{expires, unix_seconds};
use super::{AccessKey, Credentials, FetchError, Fetched, Secret, key_text};

/// The credentials of a document that answers a call; the error says what of it cannot be used.
pub fn read(who: &str, call: &Call, answer: &Answer, now: u64) -> Result<Fetched, FetchError> {
    let text = answer.text().map_err(|what| FetchError::unusable(who, what))?;
    let document = object(who, text)?;
    if let Some(code) = member(&document, "code").filter(|code| !code.eq_ignore_ascii_case("success")) {
        // AssumeRoleUnauthorizedAccess, Failed …: fixed words of the metadata service.
        let detail = Some(code.to_owned()).filter(|code| is_code(call, code));
        return Err(FetchError { text: format!("{who} has no credentials"), detail });
    }
    let key = |name: &str| match member(&document, name) {
        Some(value) => key_text(value).map(str::to_owned).map_err(|_| unreadable(who, name)),
        None => Err(unreadable(who, name)),
    };
    let (access_key_id, secret) = (key("accesskeyid")?, key("secretaccesskey")?);
    let session_token = is_there(&document, "token").then(|| key("token")).transpose()?;
    let expiration = is_there(&document, "expiration")
        .then(|| member(&document, "expiration").and_then(unix_seconds).ok_or_else(|| unreadable(who, "expiration")));
    Ok(Fetched {
        credentials: Credentials::AccessKey(AccessKey {
            access_key_id,
            secret_access_key: Secret::new(secret),
            session_token: session_token.map(Secret::new),
        }),
        expires: expires(who, expiration.transpose()?, answer, now)?,
        source: String::new(),
        member: 0,
    })
}

/// A JSON object.
pub fn object(who: &str, text: &str) -> Result<Value, FetchError> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(FetchError::unusable(who, "something that is no JSON object")),
    }
}

/// A member that is a text and not empty, by its name in lower case.
pub fn member<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    let (_, value) = document.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    value.as_str().filter(|text| !text.is_empty())
}

/// Whether there is something under a name; a null or an empty text is nothing. What is no text must not pass for that: a key
/// without its token is refused, and credentials without their end are kept.
fn is_there(document: &Value, name: &str) -> bool {
    let member =
        document.as_object().and_then(|members| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
    member.is_some_and(|(_, value)| !value.is_null() && value.as_str() != Some(""))
}

fn unreadable(who: &str, name: &str) -> FetchError {
    FetchError::unusable(who, &format!("a document whose {name} is missing or cannot be used"))
}
