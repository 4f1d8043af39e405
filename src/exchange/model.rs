//! From the name a client uses to the id that Bedrock is asked for.

use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use crate::bedrock::model_id::check_model_id;
use crate::config::Config;

/// The model id, inference profile or ARN for a client's name.
pub fn resolve<'a>(config: &'a Config, name: &'a str) -> Result<&'a str, Reply> {
    let id = config.models.get(name).map_or(name, |target| target.id.as_str());
    check_model_id(id).map_err(|what| Reply::invalid(&format!("model: {what}")))?;
    let allowed = &config.allowed_models;
    if allowed.iter().any(|pattern| pattern.matches(name) || pattern.matches(id)) {
        return Ok(id);
    }
    let message = format!("model: this gateway does not allow {name}");
    Err(Reply::error(403, ErrorType::Permission, &message))
}
