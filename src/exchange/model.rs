//! From the name a client uses to the id that Bedrock is asked for.

use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use crate::bedrock::catalogue::{self, Model, Name};
use crate::bedrock::model_id::{check_model_id, is_versioned};
use crate::bedrock::operation::Operation;
use crate::config::{Config, Target, UnknownModels, Upstream};
use std::borrow::Cow;

/// What a client's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The model id, inference profile or ARN that Bedrock is asked for.
    pub id: Cow<'a, str>,
    /// The model behind it, where that is known.
    pub model: Option<&'static Model>,
    /// Which of Bedrock's APIs it is asked for through.
    pub upstream: Upstream,
    /// The client wants the context of a million tokens (`[1m]`).
    pub long_context: bool,
}

impl Resolved<'_> {
    /// Whether the model is of 4.7 or later. One that the catalogue does not know is newer than that if it is a model of
    /// Anthropic's without a version in its id; of an ARN that hides its model, nothing more than of old ones is expected.
    pub fn is_newer(&self) -> bool {
        match self.model {
            Some(model) => model.generation_4_7,
            None => self.id.contains("anthropic.claude-") && !is_versioned(&self.id),
        }
    }

    /// What names the model in a request of an operation: counting tokens knows no inference profiles, and the ids of
    /// mantle have no versions.
    pub fn id_for(&self, operation: Operation) -> Cow<'_, str> {
        match (operation, self.model) {
            (Operation::CountTokens, Some(model)) => model.base_id.into(),
            (Operation::MessagesCountTokens, Some(model)) => model.mantle_id.into(),
            (Operation::CountTokens | Operation::MessagesCountTokens, None) => bare(&self.id).into(),
            _ => Cow::Borrowed(&self.id),
        }
    }
}

/// An id without the prefix of an inference profile; an ARN is left as it is.
fn bare(id: &str) -> &str {
    match id.find("anthropic.") {
        Some(start) if !id.starts_with("arn:") => id.get(start..).unwrap_or(id),
        _ => id,
    }
}

/// Finds out what a client's name stands for: what `models` says, else the id or the ARN that it is, else what the
/// catalogue says; and whether the client may use it.
pub fn resolve<'a>(config: &'a Config, written: &'a str) -> Result<Resolved<'a>, Reply> {
    let invalid = |what| Reply::invalid(&format!("model: {what}"));
    check_model_id(written).map_err(invalid)?;
    let name = Name::read(written);
    let resolved = lookup(config, name).ok_or_else(|| unknown(written))?;
    check_model_id(&resolved.id).map_err(invalid)?;
    if is_allowed(config, name, &resolved.id) {
        return Ok(resolved);
    }
    let message = format!("model: this gateway does not allow {written}");
    Err(Reply::error(403, ErrorType::Permission, &message))
}

/// What the configuration says of a name, decorated or not.
pub fn configured<'a>(config: &'a Config, name: Name<'_>) -> Option<&'a Target> {
    name.spellings().find_map(|name| config.models.get(name))
}

/// Whether `allowedModels` has the client's name, decorated or not, or the id it stands for.
pub fn is_allowed(config: &Config, name: Name<'_>, id: &str) -> bool {
    let mut names = name.spellings().chain([id]);
    names.any(|name| config.allowed_models.iter().any(|pattern| pattern.matches(name)))
}

/// What a model of the catalogue is asked for by, where nothing else says it.
pub fn id_of(config: &Config, model: &Model) -> String {
    match config.upstream {
        Upstream::Mantle => model.mantle_id.to_owned(),
        Upstream::Invoke | Upstream::RuntimeNative => model.id_in(&config.region, config.inference_profile),
    }
}

fn lookup<'a>(config: &'a Config, name: Name<'a>) -> Option<Resolved<'a>> {
    let long_context = name.long_context;
    let known = |id: Cow<'a, str>, model, upstream| Some(Resolved { id, model, upstream, long_context });
    if let Some(target) = configured(config, name) {
        let upstream = target.upstream.unwrap_or(config.upstream);
        let of_id = catalogue::of_id(&target.id);
        let model = target.base_model.as_deref().map_or(of_id, catalogue::find_any);
        return known(id_for(upstream, &target.id, of_id), model, upstream);
    }
    let upstream = config.upstream;
    if catalogue::is_id(name.id) {
        // `:NNk` can be part of an id.
        let model = catalogue::of_id(name.id);
        return known(id_for(upstream, name.id, model), model, upstream);
    }
    if let Some(model) = catalogue::find(name.written) {
        return known(id_of(config, model).into(), Some(model), upstream);
    }
    match config.unknown_models {
        UnknownModels::Forward => known(name.written.into(), None, upstream),
        UnknownModels::Reject => None,
    }
}

/// An id goes to Bedrock as it is; but mantle has ids of its own, and no inference profiles.
fn id_for<'a>(upstream: Upstream, id: &'a str, model: Option<&'static Model>) -> Cow<'a, str> {
    match (upstream, model) {
        (Upstream::Mantle, Some(model)) => model.mantle_id.into(),
        _ => id.into(),
    }
}

fn unknown(name: &str) -> Reply {
    let message = format!("model: {name} is unknown to this gateway, and its configuration has no such name in models");
    Reply::error(404, ErrorType::NotFound, &message)
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::config::Config;

    const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    const OTHER: &str = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5";

    fn config(json: &str) -> Config {
        Config::parse(json.as_bytes(), &|name| (name == "AWS_REGION").then(|| "eu-west-1".to_owned())).unwrap()
    }

    /// `id (model, upstream, long context)`, or the status and message of the refusal.
    fn say(config: &Config, name: &str) -> String {
        match resolve(config, name) {
            Ok(resolved) => {
                let model = resolved.model.map_or("?", |model| model.name);
                let context = if resolved.long_context { ", 1m" } else { "" };
                format!("{} ({model}, {:?}{context})", resolved.id, resolved.upstream)
            }
            Err(reply) => {
                let envelope: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                format!("{} {}", reply.status, envelope["error"]["message"].as_str().unwrap())
            }
        }
    }

    #[test]
    fn the_configuration_then_ids_then_the_catalogue() {
        let config = config(&format!(
            r#"{{"models": {{
                "claude-opus-5": "global.anthropic.claude-opus-5",
                "claude-opus-5[1m]": "us.anthropic.claude-opus-5",
                "team": {{"id": "{ARN}", "baseModel": "claude-sonnet-4-5", "upstream": "runtimeNative"}},
                "opaque": "{ARN}",
                "us.anthropic.claude-sonnet-5": "eu.anthropic.claude-sonnet-5",
                "fast": {{"id": "eu.anthropic.claude-haiku-4-5-20251001-v1:0", "upstream": "mantle"}},
                "new": {{"id": "anthropic.claude-9", "upstream": "mantle"}}
            }}}}"#
        ));
        for (name, expected) in [
            ("claude-opus-5", "global.anthropic.claude-opus-5 (claude-opus-5, Invoke)"),
            ("claude-opus-5-latest", "global.anthropic.claude-opus-5 (claude-opus-5, Invoke)"),
            ("claude-opus-5:51k", "global.anthropic.claude-opus-5 (claude-opus-5, Invoke)"),
            ("claude-opus-5[1m]", "us.anthropic.claude-opus-5 (claude-opus-5, Invoke, 1m)"),
            ("team", &format!("{ARN} (claude-sonnet-4-5, RuntimeNative)")),
            ("team[1m]", &format!("{ARN} (claude-sonnet-4-5, RuntimeNative, 1m)")),
            ("opaque", &format!("{ARN} (?, Invoke)")),
            ("us.anthropic.claude-sonnet-5", "eu.anthropic.claude-sonnet-5 (claude-sonnet-5, Invoke)"),
            ("fast", "anthropic.claude-haiku-4-5 (claude-haiku-4-5, Mantle)"),
            ("new", "anthropic.claude-9 (?, Mantle)"),
            (ARN, &format!("{ARN} (?, Invoke)")),
            (OTHER, &format!("{OTHER} (claude-opus-5, Invoke)")),
            ("jp.anthropic.claude-opus-5", "jp.anthropic.claude-opus-5 (claude-opus-5, Invoke)"),
            ("jp.anthropic.claude-opus-5[1m]", "jp.anthropic.claude-opus-5 (claude-opus-5, Invoke, 1m)"),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "anthropic.claude-3-5-sonnet-20241022-v2:0 (?, Invoke)"),
            ("anthropic.claude-v2:1:18k", "anthropic.claude-v2:1:18k (?, Invoke)"),
            ("claude-sonnet-4-5", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0 (claude-sonnet-4-5, Invoke)"),
            ("claude-sonnet-4-5[1m]", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0 (claude-sonnet-4-5, Invoke, 1m)"),
            ("claude-9[1m]", "claude-9[1m] (?, Invoke, 1m)"),
            ("gpt", "gpt (?, Invoke)"),
            ("..", "400 model: expected a model id, not a relative path"),
        ] {
            assert_eq!(say(&config, name), expected, "{name}");
        }
    }

    #[test]
    fn mantle_has_ids_of_its_own() {
        let config = config(r#"{"upstream": "mantle", "models": {"x": {"id": "y", "upstream": "invoke"}}}"#);
        for (name, expected) in [
            ("claude-opus-4-6", "anthropic.claude-opus-4-6 (claude-opus-4-6, Mantle)"),
            ("us.anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6 (claude-opus-4-6, Mantle)"),
            (OTHER, "anthropic.claude-opus-5 (claude-opus-5, Mantle)"),
            ("anthropic.claude-9", "anthropic.claude-9 (?, Mantle)"),
            ("x", "y (?, Invoke)"),
        ] {
            assert_eq!(say(&config, name), expected, "{name}");
        }
    }

    #[test]
    fn names_that_nothing_knows_can_be_refused() {
        let config = config(r#"{"unknownModels": "reject", "models": {"mine": "x"}}"#);
        let unknown = |name| {
            format!("404 model: {name} is unknown to this gateway, and its configuration has no such name in models")
        };
        for (name, expected) in [
            ("mine", "x (?, Invoke)".to_owned()),
            ("claude-opus-5", "eu.anthropic.claude-opus-5 (claude-opus-5, Invoke)".to_owned()),
            ("anthropic.claude-9", "anthropic.claude-9 (?, Invoke)".to_owned()),
            (ARN, format!("{ARN} (?, Invoke)")),
            ("x", unknown("x")),
            ("claude-9", unknown("claude-9")),
            ("", "400 model: expected a model id, not an empty text".to_owned()),
        ] {
            assert_eq!(say(&config, name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_allowed_goes_by_name_or_by_id() {
        let config =
            config(r#"{"allowedModels": ["claude-opus-5", "global.*"], "models": {"x": "global.y", "z": "us.y"}}"#);
        let denied = |name: &str| format!("403 model: this gateway does not allow {name}");
        for (name, expected) in [
            ("claude-opus-5", "eu.anthropic.claude-opus-5 (claude-opus-5, Invoke)".to_owned()),
            ("claude-opus-5[1m]", "eu.anthropic.claude-opus-5 (claude-opus-5, Invoke, 1m)".to_owned()),
            ("x", "global.y (?, Invoke)".to_owned()),
            (
                "global.anthropic.claude-sonnet-5",
                "global.anthropic.claude-sonnet-5 (claude-sonnet-5, Invoke)".to_owned(),
            ),
            ("z", denied("z")),
            ("eu.anthropic.claude-opus-5", denied("eu.anthropic.claude-opus-5")),
            ("claude-sonnet-5", denied("claude-sonnet-5")),
        ] {
            assert_eq!(say(&config, name), expected, "{name}");
        }
    }
}
