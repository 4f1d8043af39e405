//! Bedrock's own request headers: guardrail, service tier, latency, metadata. Their values are the configuration's, or
//! those of client headers that it names.

use super::headers::{HeaderMap, Headers, sanitized};
use super::reply::Reply;
use crate::bedrock::knobs;
use crate::config::{Config, Setting};
use crate::json::quoted;

type Check = fn(&str) -> Result<(), &'static str>;

/// The headers for a client's request (botocore `bedrock-runtime/2023-09-30/service-2.json`, InvokeModel's members).
pub fn lines(config: &Config, head: &Headers<'_>) -> Result<HeaderMap, Reply> {
    let mut lines = HeaderMap::new();
    let mut set = |name, setting: Option<&Setting>, check: Check| -> Result<bool, Reply> {
        let value = setting.map(|setting| value(setting, head, check)).transpose()?.flatten();
        lines.extend(value.as_ref().map(|value| (name, value.clone().into_bytes())));
        Ok(value.is_some())
    };
    if let Some(guardrail) = &config.guardrail
        && set("x-amzn-bedrock-guardrailidentifier", Some(&guardrail.identifier), knobs::check_guardrail_identifier)?
    {
        if !set("x-amzn-bedrock-guardrailversion", guardrail.version.as_ref(), knobs::check_guardrail_version)? {
            let name = guardrail.version.as_ref().map(header_of).unwrap_or_default();
            return Err(Reply::invalid(&format!("{name}: this header is needed, with the version of the guardrail")));
        }
        set("x-amzn-bedrock-trace", guardrail.trace.as_ref(), knobs::check_trace)?;
    }
    set("x-amzn-bedrock-service-tier", config.service_tier.as_ref(), knobs::check_service_tier)?;
    set("x-amzn-bedrock-performanceconfig-latency", config.performance_latency.as_ref(), knobs::check_latency)?;
    let mut metadata = Vec::new();
    for (key, setting) in config.request_metadata.iter() {
        if let Some(value) = value(setting, head, knobs::check_metadata_value)? {
            metadata.push(format!("{}:{}", quoted(key), quoted(&value)));
        }
    }
    if !metadata.is_empty() {
        lines.push(("x-amzn-bedrock-request-metadata", format!("{{{}}}", metadata.join(",")).into_bytes()));
    }
    Ok(lines)
}

/// A setting's value for this client, if it has one.
fn value(setting: &Setting, head: &Headers<'_>, check: Check) -> Result<Option<String>, Reply> {
    match setting {
        Setting::Literal(text) => Ok(Some(text.clone())),
        Setting::Header { name, default } => match head.get(name) {
            Some(sent) => {
                let text = sanitized(sent);
                check(&text).map_err(|expected| Reply::invalid(&format!("{name}: {expected}")))?;
                Ok(Some(text))
            }
            None => Ok(default.clone()),
        },
    }
}

fn header_of(setting: &Setting) -> &str {
    match setting {
        Setting::Header { name, .. } => name,
        Setting::Literal(_) => "",
    }
}
