//! The models that clients are told of.

use super::headers::sanitized;
use super::model;
use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use crate::anthropic::models::{Entry, page};
use crate::bedrock::catalogue::{self, Lifecycle, Model, Name};
use crate::config::{Config, InferenceProfile, Target, Upstream};
use percent_encoding::percent_decode;

/// Names the answers for the operator.
const DETAILS: &str = "models";

/// Answers `GET /v1/models`.
pub fn list(config: &Config, query: &[u8]) -> Reply {
    let configured = config.models.iter().filter_map(|(name, target)| of_configuration(config, name, target));
    let catalogue = catalogue::all().iter().filter_map(|model| of_catalogue(config, model));
    // A name of the configuration stands for what that says, whatever the catalogue has under it.
    let catalogue = catalogue.filter(|entry| !config.models.contains_key(entry.id));
    let entries: Vec<_> = configured.chain(catalogue).collect();
    page(&entries, query).map_or_else(Reply::invalid, |document| Reply::document(DETAILS, document))
}

/// Answers `GET /v1/models/{id}`; the id is still percent-encoded.
pub fn retrieve(config: &Config, id: &[u8]) -> Reply {
    let id = percent_decode(id).decode_utf8_lossy();
    let configured = Name::read(&id).spellings().find_map(|name| config.models.get_key_value(name));
    let entry = match configured {
        Some((name, target)) => of_configuration(config, name, target),
        None => catalogue::find(&id).and_then(|model| of_catalogue(config, model)),
    };
    match entry {
        Some(entry) => Reply::document(DETAILS, entry.document()),
        // In the words of Anthropic's own API.
        None => Reply::error(404, ErrorType::NotFound, &format!("model: {}", shown(&id))),
    }
}

fn of_configuration<'a>(config: &Config, name: &'a str, target: &Target) -> Option<Entry<'a>> {
    let model = target.base_model.as_deref().map_or_else(|| catalogue::of_id(&target.id), catalogue::find_any);
    let created_at = model.map_or(catalogue::UNKNOWN_DATE, |model| model.created_at);
    let lifecycle = model.map_or(Lifecycle::Active, |model| model.lifecycle);
    let allowed = model::is_allowed(config, Name::read(name), &target.id);
    allowed.then(|| Entry::new(name, name, created_at, lifecycle.name()))
}

/// Under the first of its names that is allowed, if it can be asked for at all.
fn of_catalogue(config: &Config, model: &Model) -> Option<Entry<'static>> {
    let exists = match (config.upstream, config.inference_profile) {
        (Upstream::Mantle, _) | (_, InferenceProfile::None) => true,
        (_, profile) => profile.choose(&config.region, model.prefixes).is_some(),
    };
    if !exists || model.lifecycle == Lifecycle::Retired {
        return None;
    }
    let id = model::id_of(config, model);
    let name = model.names().find(|name| model::is_allowed(config, Name::read(name), &id))?;
    Some(Entry::new(name, model.display_name, model.created_at, model.lifecycle.name()))
}

/// A client's text for a message to that client.
fn shown(id: &str) -> String {
    sanitized(id.chars().take(256).collect::<String>().as_bytes())
}
