//! The Security Token Service: what AssumeRole and AssumeRoleWithWebIdentity have in common
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).

use quick_xml::Reader;
use quick_xml::events::Event;

use super::call::{Answer, Call};
use super::error::Said;
use super::expiration::{expires, unix_seconds};
use super::{AccessKey, Credentials, FetchError, Fetched, Secret, key_text};

const VERSION: &str = "2011-06-15";
const WHO: &str = "STS";

/// Where STS is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sts {
    /// Envoy's cluster.
    pub cluster: String,
    /// `sts.us-east-1.amazonaws.com`.
    pub host: String,
    /// The region that requests to this host are signed for.
    pub region: String,
}

/// The role to assume, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Name of the session, which CloudTrail shows.
    pub session_name: String,
    /// Life of the credentials, seconds; without it STS decides, which is an hour.
    pub duration_seconds: Option<u32>,
    /// JSON text of a policy that the session is limited to.
    pub policy: Option<String>,
}

impl Sts {
    /// An unsigned call.
    pub fn call(&self, action: &str, role: &Role, more: &[(&str, Option<&str>)]) -> Call {
        let duration = role.duration_seconds.map(|seconds| seconds.to_string());
        let mut fields = vec![
            ("Action", Some(action)),
            ("Version", Some(VERSION)),
            ("RoleArn", Some(role.arn.as_str())),
            ("RoleSessionName", Some(role.session_name.as_str())),
            ("DurationSeconds", duration.as_deref()),
            ("Policy", role.policy.as_deref()),
        ];
        fields.extend_from_slice(more);
        Call::new(&self.cluster, "POST", &self.host, "/").with("accept", "text/xml").form(&fields)
    }
}

/// What STS has answered.
pub fn read(call: &Call, answer: &Answer, now: u64) -> Result<Fetched, FetchError> {
    let text = answer.text().map_err(|what| FetchError::unusable(WHO, what));
    if answer.status != 200 {
        let elements = text.map(|text| elements(text, ["Code", "Message", "", ""])).unwrap_or_default();
        let [code, message, ..] = elements.each_ref().map(|element| element.as_ref().map(Secret::expose));
        let error = FetchError::answered(WHO, call, answer.status, Said { code, message });
        // A signature that is too old or too young is the clock's fault, which the operator has to be told.
        let clock = matches!(code, Some("SignatureDoesNotMatch" | "RequestExpired" | "RequestTimeTooSkewed"));
        return Err(if clock { error.with_clock(answer, now) } else { error });
    }
    let [id, secret, token, expiration] =
        elements(text?, ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]);
    let key = |name: &str, value: Option<Secret>| {
        let value = value.filter(|value| key_text(value.expose()).is_ok());
        value.ok_or_else(|| FetchError::unusable(WHO, &format!("a document whose {name} is missing or cannot be used")))
    };
    let expiration = key("Expiration", expiration)?;
    let expiration = unix_seconds(expiration.expose())
        .ok_or_else(|| FetchError::unusable(WHO, "a document whose Expiration cannot be read"))?;
    Ok(Fetched {
        credentials: Credentials::AccessKey(AccessKey {
            access_key_id: key("AccessKeyId", id)?.expose().to_owned(),
            secret_access_key: key("SecretAccessKey", secret)?,
            session_token: Some(key("SessionToken", token)?),
        }),
        expires: expires(WHO, Some(expiration), answer, now)?,
        source: String::new(),
        member: 0,
    })
}

/// The texts of the first elements of these names, wherever they are. An XML that breaks off gives what was read.
fn elements<const N: usize>(text: &str, names: [&str; N]) -> [Option<Secret>; N] {
    let mut found: [Option<Secret>; N] = std::array::from_fn(|_| None);
    let mut reader = Reader::from_str(text);
    // The element that is read now: its number, and its text so far.
    let mut open: Option<(usize, String)> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.local_name();
                open = names.iter().position(|known| *known == name.as_ref()).map(|index| (index, String::new()));
            }
            Ok(Event::Text(part)) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Ok(Event::CData(part)) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                let Some((_, text)) = &mut open else { continue };
                match reference.resolve_char_ref() {
                    Ok(Some(char)) => text.push(char),
                    // What nobody can resolve must not be left out: the rest would be another key.
                    _ => text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap_or("\u{fffd}")),
                }
            }
            Ok(Event::End(_)) => {
                if let Some((index, text)) = open.take()
                    && let Some(place @ None) = found.get_mut(index)
                {
                    *place = Some(Secret::new(text.trim()));
                }
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}
