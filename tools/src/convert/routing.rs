//! From the rules of AIGatewayRoutes to the filter's `routing` and `models`.

use bedrock_messages::config::Pattern;

use crate::list;
use crate::map;
use crate::value::Value;

use super::notes::Notes;
use super::rules::{OtherRule, SourceRule};

/// The header that AI Gateway puts a request's model into.
const MODEL_HEADER: &str = "x-ai-eg-model";

/// What the rules say.
#[derive(Debug, Default)]
pub struct Routing {
    header: Option<(String, String)>,
    patterns: Vec<String>,
    is_default: bool,
    /// Names of clients, and what Bedrock is asked for.
    pub models: Vec<(String, String)>,
}

impl Routing {
    /// Of the rules that lead to Bedrock.
    pub fn new(rules: &[SourceRule<'_>], notes: &mut Notes) -> Self {
        let mut routing = Self::default();
        for rule in rules {
            let mut names = Vec::new();
            let matches = rule.rule.get("matches").items();
            if matches.is_empty() {
                routing.is_default = true;
            }
            for (index, one) in matches.iter().enumerate() {
                let path = format!("{}.matches[{index}]", rule.path);
                routing.add_match(rule, one, &path, &mut names, notes);
            }
            routing.add_override(rule, &names, notes);
        }
        routing
    }

    fn add_match(
        &mut self,
        rule: &SourceRule<'_>,
        one: &Value,
        path: &str,
        names: &mut Vec<String>,
        notes: &mut Notes,
    ) {
        let headers = one.get("headers").items();
        let [header] = headers else {
            if headers.is_empty() {
                self.is_default = true;
            } else {
                notes.add(
                    rule.route,
                    path,
                    "left out: the filter decides by one header or by the model, not by several things together",
                );
            }
            return;
        };
        let text = |key: &str| header.get(key).text().unwrap_or_default();
        let (name, value, is_regex) = (text("name"), text("value"), text("type") == "RegularExpression");
        if name.eq_ignore_ascii_case(MODEL_HEADER) {
            let Some(patterns) = patterns(value, is_regex) else {
                notes.add(
                    rule.route,
                    path,
                    "left out: write this expression into `routing.models`, where * stands for any run of characters",
                );
                return;
            };
            if !is_regex && patterns != [value] {
                notes.add(rule.route, path, "its value was compared as it stands, with .* in it; it is a pattern now");
            }
            names.extend(patterns.iter().cloned());
            self.patterns
                .extend(patterns.into_iter().filter(|pattern| !self.patterns.contains(pattern)).collect::<Vec<_>>());
            return;
        }
        let own = (name.to_ascii_lowercase(), value.to_owned());
        if is_regex || self.header.as_ref().is_some_and(|other| *other != own) {
            notes.add(rule.route, path, "left out: `routing.header` is one header with one value");
            return;
        }
        self.header = Some(own);
    }

    /// A model's name in the backend.
    fn add_override(&mut self, rule: &SourceRule<'_>, names: &[String], notes: &mut Notes) {
        let of_rule = rule.reference.get("modelNameOverride").text();
        let Some(id) = of_rule.or_else(|| rule.backend.spec().get("modelNameOverride").text()) else { return };
        let plain: Vec<&String> = names.iter().filter(|name| !name.contains('*')).collect();
        if plain.is_empty() {
            let words = "left out: it replaces the names of many models, and `models` has them one by one";
            notes.add(rule.route, &format!("{}.backendRefs", rule.path), words);
        }
        for name in plain {
            if !self.models.iter().any(|(known, _)| known == name) {
                self.models.push((name.clone(), id.to_owned()));
            }
        }
    }

    /// Says where the requests of a rule go that leads elsewhere.
    pub fn note_other(&self, other: &OtherRule<'_>, notes: &mut Notes) {
        let everything = [Value::Null];
        let matches = other.rule.get("matches").items();
        let matches = if matches.is_empty() { &everything } else { matches };
        for (index, one) in matches.iter().enumerate() {
            let headers = one.get("headers").items();
            let text = |header: &Value, key: &str| header.get(key).text().unwrap_or_default().to_owned();
            let header = |header: &Value| format!("{} {}", text(header, "name"), text(header, "value"));
            let which = headers.iter().map(header).collect::<Vec<_>>().join(" and ");
            let which =
                if which.is_empty() { "all other requests".to_owned() } else { format!("requests with {which}") };
            let to = if self.takes(headers) { "go to Bedrock" } else { "get the 404" };
            notes.add(other.route, &format!("{}.matches[{index}]", other.path), &format!("{which} {to} now"));
        }
    }

    /// Whether requests with such headers go to Bedrock.
    fn takes(&self, headers: &[Value]) -> bool {
        let value = |name: &str| {
            let mut named =
                headers.iter().filter(|one| one.get("name").text().is_some_and(|own| own.eq_ignore_ascii_case(name)));
            named.next().and_then(|header| header.get("value").text())
        };
        if let Some((name, own)) = &self.header
            && let Some(value) = value(name)
        {
            return value == own;
        }
        let is_of = |name: &str| self.patterns.iter().any(|one| Pattern::new(one).is_ok_and(|one| one.matches(name)));
        self.is_default || value(MODEL_HEADER).is_some_and(is_of)
    }

    /// The member `routing`; nothing where all goes to Bedrock anyway.
    pub fn to_value(&self) -> Value {
        if self.is_default && self.header.is_none() && self.patterns.is_empty() {
            return Value::Null;
        }
        let mut routing = map! {};
        if let Some((name, value)) = &self.header {
            *routing.entry("header") = map! { "name": name, "value": value };
        }
        if !self.patterns.is_empty() {
            *routing.entry("models") = self.patterns.clone().into();
        }
        *routing.entry("default") = if self.is_default { "bedrock" } else { "passthrough" }.into();
        routing
    }

    /// The member `models`; nothing where there are none.
    pub fn models_to_value(&self) -> Value {
        if self.models.is_empty() {
            return Value::Null;
        }
        Value::Map(self.models.iter().map(|(name, id)| (name.clone(), id.into())).collect())
    }
}

/// A value of the model's header as patterns: `.*` becomes `*`, alternatives are several. `None`: it is more than that.
fn patterns(value: &str, is_regex: bool) -> Option<Vec<String>> {
    if !is_regex && !value.contains(".*") {
        return Some(vec![value.to_owned()]);
    }
    let whole = value.trim_start_matches('^').trim_end_matches('$');
    let whole = whole.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(whole);
    let pattern = |text: &str| {
        let text = text.replace(".*", "*").replace("\\.", ".").replace("\\-", "-");
        // A dot that stands for any character is taken for itself: names of models are full of them.
        (!text.is_empty() && !text.contains(['(', ')', '[', ']', '{', '}', '+', '?', '\\', '^', '$'])).then_some(text)
    };
    whole.split('|').map(pattern).collect()
}

/// The matches of clients' requests.
pub fn client_matches(prefix: &str) -> Value {
    list![
        map! { "path": map! { "type": "PathPrefix", "value": format!("{prefix}/v1/") } },
        map! { "path": map! { "type": "Exact", "value": format!("{prefix}/api/hello") } },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_patterns() {
        for (value, is_regex, expected) in [
            ("claude-sonnet-4-5", false, Some(vec!["claude-sonnet-4-5"])),
            ("anthropic.claude-.*", false, Some(vec!["anthropic.claude-*"])),
            (r"^(us\.anthropic\..*|claude-.*)$", true, Some(vec!["us.anthropic.*", "claude-*"])),
            ("claude-[0-9]+", true, None),
        ] {
            assert_eq!(
                patterns(value, is_regex).as_deref(),
                expected.map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{value}"
            );
        }
    }
}
