//! `credentialsFile`: the text of an AWS credentials file.
//!
//! Read as AWS's SDKs agree to read it, which is not quite as the AWS CLI does: a comment may follow a value, `=` alone
//! separates, a repeated section adds to the first. The tests run the suite that the SDKs share
//! (`tests/vectors/aws/profile-parser-tests.json`), and cases of our own (`tests/vectors/profile_parser.json`).

use std::fmt;

use crate::by_name::ByName;

use super::{AccessKey, Credentials, Secret, key_text};

const ACCESS_KEY_ID: &str = "aws_access_key_id";
const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";
const SESSION_TOKEN: &str = "aws_session_token";

/// The credentials of one profile; the error never shows what is in the file.
pub fn credentials(text: &str, profile: &str) -> Result<Credentials, FileError> {
    let profiles = parse(text)?;
    let properties = profiles.get(profile).ok_or_else(|| FileError::NoProfile(profile.to_owned()))?;
    let read = |property: &'static str| match properties.get(property).filter(|value| !value.is_empty()) {
        Some(value) => key_text(value).map(Some).map_err(|expected| FileError::Property {
            profile: profile.to_owned(),
            property,
            expected,
        }),
        None => Ok(None),
    };
    let required = |property| {
        read(property)?.ok_or(FileError::Property {
            profile: profile.to_owned(),
            property,
            expected: "not set, and required",
        })
    };
    Ok(Credentials::AccessKey(AccessKey {
        access_key_id: required(ACCESS_KEY_ID)?.to_owned(),
        secret_access_key: Secret::new(required(SECRET_ACCESS_KEY)?),
        session_token: read(SESSION_TOKEN)?.map(Secret::new),
    }))
}

/// Why a credentials file gave no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// No such profile.
    NoProfile(String),
    /// A property of the profile is missing or unusable.
    Property {
        /// The section's name.
        profile: String,
        /// The property's name.
        property: &'static str,
        /// What was expected of it.
        expected: &'static str,
    },
    /// The text is no credentials file.
    Line {
        /// Counted from one.
        number: usize,
        /// What was expected there.
        expected: &'static str,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProfile(profile) => write!(f, "no profile {profile}"),
            Self::Property { profile, property, expected } => write!(f, "profile {profile}: {property}: {expected}"),
            Self::Line { number, expected } => write!(f, "line {number}: {expected}"),
        }
    }
}

impl std::error::Error for FileError {}

/// Whether a profile of this name can be found in a file: sections of other names are ignored there.
pub fn is_profile_name(name: &str) -> bool {
    is_identifier(name)
}

/// Every profile with its properties, their names in lower case.
fn parse(text: &str) -> Result<ByName<ByName<String>>, FileError> {
    let mut parser = Parser::default();
    for (index, line) in text.lines().enumerate() {
        parser.line(line).map_err(|expected| FileError::Line { number: index.saturating_add(1), expected })?;
    }
    Ok(parser.profiles)
}

#[derive(Default)]
struct Parser {
    profiles: ByName<ByName<String>>,
    section: Section,
    property: Property,
}

/// The section that properties go to.
#[derive(Default)]
enum Section {
    #[default]
    None,
    /// Of a name that no profile has: its lines are still checked.
    Ignored,
    Profile(String),
}

/// The property that an indented line continues.
#[derive(Default)]
enum Property {
    #[default]
    None,
    /// Its value is the lines that follow, each a `name = value` of its own.
    Nested(String),
    Plain(String),
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            Ok(())
        } else if line.starts_with([' ', '\t']) {
            self.continuation(content)
        } else if line.starts_with('[') {
            self.section(line)
        } else {
            self.property(line)
        }
    }

    fn section(&mut self, line: &str) -> Result<(), &'static str> {
        let line = line.split(['#', ';']).next().unwrap_or_default().trim_end();
        let name =
            line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).ok_or("expected [profile], closed")?;
        let name = name.trim();
        self.property = Property::None;
        self.section = if is_identifier(name) {
            if !self.profiles.contains_key(name) {
                self.profiles.insert(name.to_owned(), ByName::default());
            }
            Section::Profile(name.to_owned())
        } else {
            Section::Ignored
        };
        Ok(())
    }

    fn property(&mut self, line: &str) -> Result<(), &'static str> {
        if matches!(self.section, Section::None) {
            return Err("expected a [profile] before the first property");
        }
        let (name, value) = name_and_value(without_comment(line))?;
        let name = name.to_ascii_lowercase();
        if is_identifier(&name)
            && let Some(properties) = self.properties()
        {
            properties.insert(name.clone(), value.to_owned());
        }
        self.property = if value.is_empty() { Property::Nested(name) } else { Property::Plain(name) };
        Ok(())
    }

    fn continuation(&mut self, content: &str) -> Result<(), &'static str> {
        let name = match &self.property {
            Property::None if matches!(self.section, Section::None) => {
                return Err("expected a [profile] before the first property");
            }
            Property::None => return Err("expected a property, not indented"),
            Property::Nested(name) => {
                name_and_value(content)?;
                name.clone()
            }
            Property::Plain(name) => name.clone(),
        };
        if let Some(value) = self.properties().and_then(|properties| properties.get_mut(&name)) {
            value.push('\n');
            value.push_str(content);
        }
        Ok(())
    }

    fn properties(&mut self) -> Option<&mut ByName<String>> {
        match &self.section {
            Section::Profile(name) => self.profiles.get_mut(name),
            Section::None | Section::Ignored => None,
        }
    }
}

/// Values hold `=` themselves: the first one separates.
fn name_and_value(line: &str) -> Result<(&str, &str), &'static str> {
    let (name, value) = line.split_once('=').ok_or("expected name = value")?;
    match name.trim() {
        "" => Err("expected a name before the ="),
        name => Ok((name, value.trim())),
    }
}

/// A comment begins after white space; elsewhere `#` and `;` belong to the value.
fn without_comment(line: &str) -> &str {
    let mut blank = false;
    for (at, character) in line.char_indices() {
        if blank && matches!(character, '#' | ';') {
            return line.get(..at).unwrap_or(line);
        }
        blank = matches!(character, ' ' | '\t');
    }
    line
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/.%@:+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Credentials, FileError, credentials, parse};

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        text: String,
        profiles: Option<BTreeMap<String, BTreeMap<String, String>>>,
        error: Option<String>,
    }

    #[test]
    fn reads_files_as_the_sdks_do() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/vectors/profile_parser.json")).unwrap();
        for case in cases {
            match (parse(&case.text), case.profiles, case.error) {
                (Ok(profiles), Some(expected), None) => {
                    let expected =
                        expected.into_iter().map(|(name, properties)| (name, properties.into_iter().collect()));
                    assert_eq!(profiles, expected.collect(), "{}", case.name);
                }
                (Err(error), None, Some(expected)) => assert_eq!(error.to_string(), expected, "{}", case.name),
                (outcome, ..) => panic!("{}: {outcome:?}", case.name),
            }
        }
    }

    /// Of AWS's suite: what a credentials file has no such rule for.
    const INAPPLICABLE: &[(&str, &str)] = &[
        (
            "Default profile with profile prefix overrides default profile without prefix when profile prefix is first.",
            "a credentials file has one way to write default",
        ),
        (
            "Default profile with profile prefix overrides default profile without prefix when profile prefix is last.",
            "a credentials file has one way to write default",
        ),
        (
            "Default profiles with mixed prefixes in the config file ignore the one without prefix when merging.",
            "a credentials file has one way to write default",
        ),
        (
            "Default profiles with mixed prefixes merge with credentials",
            "a credentials file has one way to write default",
        ),
        ("Config profiles without prefix are ignored.", "in a credentials file they are the profiles"),
        ("sneaky profile name", "without the prefix it is a profile's name like any other"),
    ];

    /// A config file's text as a credentials file's: a section `[profile foo]` is written `[foo]` there. All other rules are
    /// the same.
    fn without_prefix(text: &str) -> String {
        let lines = text.split_inclusive('\n').map(|line| {
            let section = line.strip_prefix('[').map(str::trim_start);
            match section.and_then(|section| section.strip_prefix("profile")) {
                Some(name) if name.starts_with([' ', '\t']) => format!("[{name}"),
                _ => line.to_owned(),
            }
        });
        lines.collect()
    }

    /// Of an error it counts that there is one: AWS's words are AWS's. Where there are both files they are read as one, the
    /// credentials file last, because what stands in it wins.
    #[test]
    fn the_suite_of_the_sdks() {
        let suite: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/aws/profile-parser-tests.json")).unwrap();
        let (mut run, mut left_out) = (0, Vec::new());
        for case in suite["tests"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            if let Some((known, _)) = INAPPLICABLE.iter().find(|(known, _)| *known == name) {
                left_out.push(*known);
                continue;
            }
            let input = |file: &str| case["input"][file].as_str().map(str::to_owned);
            let files = [input("configFile").as_deref().map(without_prefix), input("credentialsFile")];
            let text = files.into_iter().flatten().collect::<Vec<_>>().join("\n");
            match (parse(&text), &case["output"]["config"]["profiles"], &case["output"]["errorContaining"]) {
                (Ok(profiles), serde_json::Value::Object(expected), serde_json::Value::Null) => {
                    let properties = |properties: &serde_json::Value| {
                        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                        let all = properties.as_object().unwrap().iter();
                        all.map(|(name, value)| (name.clone(), text(value))).collect()
                    };
                    let expected = expected.iter().map(|(name, all)| (name.clone(), properties(all))).collect();
                    assert_eq!(profiles, expected, "{name}");
                }
                (Err(_), serde_json::Value::Null, serde_json::Value::String(_)) => {}
                (outcome, ..) => panic!("{name}: {outcome:?}"),
            }
            run += 1;
        }
        // A case that is new in the suite is to be looked at.
        assert_eq!(run, 59);
        assert_eq!(left_out, INAPPLICABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    const FILE: &str = "# two\r\n[default]\r\naws_access_key_id = AKIDDEFAULT\r\naws_secret_access_key=a+b/c=\r\n\
        [team]\naws_access_key_id = ASIATEAM\naws_secret_access_key = s ; until noon\nAWS_Session_Token = t==\n";

    #[test]
    fn a_profile_is_an_access_key() {
        for (profile, id, secret, token) in
            [("default", "AKIDDEFAULT", "a+b/c=", None), ("team", "ASIATEAM", "s", Some("t=="))]
        {
            let Ok(Credentials::AccessKey(key)) = credentials(FILE, profile) else { panic!("{profile}") };
            assert_eq!(key.access_key_id, id);
            assert_eq!(key.secret_access_key.expose(), secret);
            assert_eq!(key.session_token.as_ref().map(|token| token.expose()), token);
        }
    }

    #[test]
    fn errors_name_the_place_and_show_nothing() {
        for (text, message) in [
            ("", "no profile team"),
            (FILE.split_once("[team]").unwrap().0, "no profile team"),
            ("[team]", "profile team: aws_access_key_id: not set, and required"),
            (
                "[team]\naws_access_key_id=A\naws_secret_access_key=",
                "profile team: aws_secret_access_key: not set, and required",
            ),
            (
                "[team]\naws_access_key_id=A\naws_secret_access_key=s3\n  cret",
                "profile team: aws_secret_access_key: expected printable ASCII without spaces",
            ),
            (
                "[team]\naws_access_key_id=A\naws_secret_access_key=s\naws_session_token=s3 cret",
                "profile team: aws_session_token: expected printable ASCII without spaces",
            ),
            ("[team]\n\ns3cret", "line 3: expected name = value"),
            ("{\"s3cret\": 1}", "line 1: expected a [profile] before the first property"),
        ] {
            let error = credentials(text, "team").unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(!format!("{error:?}").contains("s3"), "{error:?}");
        }
        assert_eq!(credentials(FILE, "Team"), Err(FileError::NoProfile("Team".to_owned())));
    }
}
