//! The parameters of STS, held against the service's model. All that is wrong with them comes in one refusal.

use crate::credentials::form::Form;
use crate::credentials::reply::Failure;

/// Longest session policy.
const MAX_POLICY: usize = 2048;

/// How long a session may be asked for.
const DURATION: std::ops::RangeInclusive<u64> = 900..=43_200;

/// What an action was asked with.
#[derive(Debug, Default)]
pub struct Parameters {
    /// `RoleArn`, of a length that an ARN may have.
    pub role_arn: String,
    /// `RoleSessionName`.
    pub session_name: String,
    /// `DurationSeconds`.
    pub duration: Option<u64>,
    /// `ExternalId`.
    pub external_id: Option<String>,
    /// `WebIdentityToken`; empty where there is none to be.
    pub web_identity_token: String,
}

/// The parts of a role's ARN.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// The name without its path.
    pub name: String,
}

/// What a text must be.
struct Rule {
    name: &'static str,
    length: std::ops::RangeInclusive<usize>,
    /// The characters besides letters and digits, and the pattern that the service's model has for it.
    pattern: Option<(&'static str, &'static str)>,
    /// Whether its value may stand in a message.
    secret: bool,
}

const ROLE_ARN: Rule = Rule { name: "RoleArn", length: 20..=2048, pattern: None, secret: false };
const SESSION_NAME: Rule =
    Rule { name: "RoleSessionName", length: 2..=64, pattern: Some(("_+=,.@-", r"[\w+=,.@-]*")), secret: false };
const EXTERNAL_ID: Rule =
    Rule { name: "ExternalId", length: 2..=1224, pattern: Some(("_+=,.@:/-", r"[\w+=,.@:\/-]*")), secret: false };
const TOKEN: Rule = Rule { name: "WebIdentityToken", length: 4..=20_000, pattern: None, secret: true };

impl Parameters {
    /// Those of `AssumeRole`.
    pub fn of_assume_role(form: &Form) -> Result<Self, Failure> {
        check_names(form, &["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId"])?;
        let mut reader = Reader { form, wrong: Vec::new() };
        let mut parameters = reader.common();
        parameters.external_id = reader.optional(&EXTERNAL_ID);
        reader.end(parameters)
    }

    /// Those of `AssumeRoleWithWebIdentity`.
    pub fn of_web_identity(form: &Form) -> Result<Self, Failure> {
        check_names(form, &["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "WebIdentityToken"])?;
        let mut reader = Reader { form, wrong: Vec::new() };
        let mut parameters = reader.common();
        parameters.web_identity_token = reader.required(&TOKEN);
        reader.end(parameters)
    }

    /// The role, or a refusal in these words.
    pub fn role(&self, words: impl FnOnce(&str) -> String) -> Result<Role, Failure> {
        Role::parse(&self.role_arn).ok_or_else(|| Failure::new(400, "ValidationError", words(&self.role_arn)))
    }
}

impl Role {
    fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
        let path = resource.strip_prefix("role/")?;
        let name = path.rsplit('/').next().filter(|name| (1..=64).contains(&name.len()))?;
        let partition_fits = partition == "aws"
            || partition.strip_prefix("aws-").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            });
        let fits = partition_fits
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && path.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
        fits.then(|| Self { partition: partition.into(), account: account.into(), name: name.into() })
    }
}

/// AWS overlooks what it does not know; here it is refused, so that a wrong name is noticed.
fn check_names(form: &Form, known: &[&str]) -> Result<(), Failure> {
    match form.names().find(|name| !known.contains(name) && !["Action", "Version"].contains(name)) {
        None => Ok(()),
        Some(name) => {
            let name = name.escape_debug();
            Err(Failure::new(400, "ValidationError", format!("simulator: the parameter {name} is not known")))
        }
    }
}

/// Reads parameters and collects what is wrong with them.
struct Reader<'a> {
    form: &'a Form,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn common(&mut self) -> Parameters {
        Parameters {
            role_arn: self.required(&ROLE_ARN),
            session_name: self.required(&SESSION_NAME),
            duration: self.duration(),
            ..Parameters::default()
        }
    }

    fn required(&mut self, rule: &Rule) -> String {
        self.optional(rule).unwrap_or_else(|| {
            let member = member(rule.name);
            self.wrong.push(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"));
            String::new()
        })
    }

    fn optional(&mut self, rule: &Rule) -> Option<String> {
        let value = self.form.get(rule.name)?;
        let length = value.chars().count();
        if length < *rule.length.start() {
            let least = format!("Member must have length greater than or equal to {}", rule.length.start());
            self.complain(rule, value, &least);
        }
        if length > *rule.length.end() {
            let most = format!("Member must have length less than or equal to {}", rule.length.end());
            self.complain(rule, value, &most);
        }
        if let Some((others, pattern)) = rule.pattern
            && !value.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        {
            self.complain(rule, value, &format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        Some(value.to_owned())
    }

    fn duration(&mut self) -> Option<u64> {
        const RULE: Rule = Rule { name: "DurationSeconds", length: 0..=0, pattern: None, secret: false };
        let value = self.form.get(RULE.name)?;
        match value.parse() {
            Ok(seconds) if DURATION.contains(&seconds) => return Some(seconds),
            Ok(seconds) if seconds < *DURATION.start() => {
                let least = format!("Member must have value greater than or equal to {}", DURATION.start());
                self.complain(&RULE, value, &least);
            }
            Ok(_) => {
                let most = format!("Member must have value less than or equal to {}", DURATION.end());
                self.complain(&RULE, value, &most);
            }
            Err(_) => self.complain(&RULE, value, "Member must be an integer"),
        }
        None
    }

    fn complain(&mut self, rule: &Rule, value: &str, constraint: &str) {
        let member = member(rule.name);
        let shown = if rule.secret { "Value".to_owned() } else { format!("Value '{value}'") };
        self.wrong.push(format!("{shown} at '{member}' failed to satisfy constraint: {constraint}"));
    }

    /// The parameters when nothing is wrong with them, nor with a policy.
    fn end(self, parameters: Parameters) -> Result<Parameters, Failure> {
        let count = self.wrong.len();
        if count > 0 {
            let errors = if count == 1 { "error" } else { "errors" };
            let message = format!("{count} validation {errors} detected: {}", self.wrong.join("; "));
            return Err(Failure::new(400, "ValidationError", message));
        }
        let Some(policy) = self.form.get("Policy") else { return Ok(parameters) };
        let malformed = |message: &str| Err(Failure::new(400, "MalformedPolicyDocument", message));
        if policy.chars().count() > MAX_POLICY {
            return malformed("simulator: the policy is longer than 2048 characters");
        }
        match serde_json::from_str(policy) {
            Ok(serde_json::Value::Object(_)) => Ok(parameters),
            _ => malformed("This policy contains invalid Json"),
        }
    }
}

/// A parameter as the service's model calls it: `RoleArn` is the member `roleArn`.
fn member(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_roles() {
        for (arn, name) in [
            ("arn:aws:iam::123456789012:role/gateway", Some("gateway")),
            ("arn:aws-us-gov:iam::123456789012:role/a/path/gateway+=,.@-_1", Some("gateway+=,.@-_1")),
            ("arn:aws:iam::123456789012:user/gateway", None),
            ("arn:aws:iam::12345678901:role/gateway", None),
            ("arn:aws:iam:us-east-1:123456789012:role/gateway", None),
            ("arn:aws:sts::123456789012:role/gateway", None),
            ("arn:gcp:iam::123456789012:role/gateway", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("arn:aws:iam::123456789012:role/a b", None),
            ("arn:aws:iam::123456789012:role/a:b", None),
            ("gateway", None),
        ] {
            assert_eq!(Role::parse(arn).map(|role| role.name).as_deref(), name, "{arn}");
        }
    }
}
