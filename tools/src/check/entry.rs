//! One use of the filter: its configuration, read by the filter's own parser.

use std::cell::Cell;

use bedrock_messages::config::{Config, CountTokens, Plugin, Upstream};

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::{Value, join};

use super::secrets::is_placeholder;
use super::{Finding, Rule, environment};

/// Stands in for a region that comes from a variable nobody here knows.
const SOME_REGION: &str = "us-east-1";

/// What the filter is in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Alone.
    Single,
    /// The first of two.
    Transform,
    /// The second of two.
    Hold,
}

/// A variable of Envoy's that is handed on, with its value where that is known.
pub type Variables = Vec<(String, Option<String>)>;

/// A request as the filter sends it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its `:authority`; `None` where it follows a region that is not known here.
    pub host: Option<String>,
    /// Its path.
    pub path: &'static str,
    /// Whether the filter signs it, and not who comes behind.
    pub is_signed: bool,
}

impl Call {
    /// As findings show it: calls of one kind are the same there.
    pub fn shown(&self) -> String {
        let first = self.path.split_inclusive('/').nth(1).unwrap_or_default();
        format!("POST /{first}… to {}", self.host.as_deref().unwrap_or("Bedrock's host"))
    }

    /// Whether it is signed for a host of AWS, as it is where the host follows a region.
    pub fn is_to_aws(&self) -> bool {
        self.is_signed && self.host.as_deref().is_none_or(is_of_aws)
    }
}

/// A plugin's configuration and what follows from it.
#[derive(Debug)]
pub struct Entry {
    /// The configuration as it is written.
    pub value: Value,
    /// Path of the configuration in its document.
    pub path: String,
    /// What it is in its chain, as far as it says.
    pub role: Role,
    /// Validated, or why not.
    pub config: Result<Option<Box<Config>>, String>,
    /// Variables that reach the filter; `None`: it is not said here.
    variables: Option<Variables>,
    region_is_known: bool,
}

impl Entry {
    /// Of a configuration that is an object.
    pub fn of_value(value: &Value, path: &str, variables: Option<Variables>) -> Self {
        let text = if value.is_null() { String::new() } else { value.to_json() };
        Self::of_text(&text, path, variables)
    }

    /// Of a configuration that is a text.
    pub fn of_text(text: &str, path: &str, variables: Option<Variables>) -> Self {
        let stood_in = Cell::new(false);
        let environment = |name: &str| {
            let is_region = matches!(name, "AWS_REGION" | "AWS_DEFAULT_REGION");
            let known = match &variables {
                Some(variables) => variables.iter().find(|(known, _)| known == name)?.1.clone(),
                None => None,
            };
            if known.is_none() && is_region {
                stood_in.set(true);
                return Some(SOME_REGION.to_owned());
            }
            known.filter(|_| is_region)
        };
        let config = match Plugin::parse(text.as_bytes(), &environment) {
            Ok(Plugin::Serve(config)) => Ok(Some(config)),
            Ok(Plugin::Hold) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let role = match value.get("role").text() {
            Some("transform") => Role::Transform,
            Some("hold") => Role::Hold,
            _ => Role::Single,
        };
        let region_is_known = !stood_in.get();
        Self { value, path: path.to_owned(), role, config, variables, region_is_known }
    }

    /// The validated configuration of an entry that serves.
    pub fn serving(&self) -> Option<&Config> {
        self.config.as_ref().ok()?.as_deref()
    }

    /// Every kind of request that the filter may send on.
    pub fn calls(&self) -> Vec<Call> {
        let Some(config) = self.serving() else { return Vec::new() };
        let mut upstreams = vec![config.upstream];
        upstreams.extend(config.models.iter().filter_map(|(_, target)| target.upstream));
        let is_of_mantle = config.count_tokens == CountTokens::Mantle;
        let mut calls = Vec::new();
        for upstream in upstreams {
            let call = match upstream {
                Upstream::Invoke => self.call(&config.host, "endpoint.host", "/model/m/invoke"),
                Upstream::RuntimeNative => self.call(&config.host, "endpoint.host", "/anthropic/v1/messages"),
                Upstream::Mantle => self.call(&config.mantle_host, "endpoint.mantleHost", "/anthropic/v1/messages"),
            };
            calls.push(call);
            if upstream != Upstream::Mantle {
                calls.push(if is_of_mantle {
                    let path = "/anthropic/v1/messages/count_tokens";
                    self.call(&config.mantle_host, "endpoint.mantleHost", path)
                } else {
                    self.call(&config.host, "endpoint.host", "/model/m/count-tokens")
                });
            }
        }
        calls.dedup();
        calls
    }

    fn call(&self, host: &str, member: &str, path: &'static str) -> Call {
        let is_known = self.region_is_known || !self.value.at(member).is_null();
        Call { host: is_known.then(|| host.to_owned()), path, is_signed: !self.is_external() }
    }

    /// Whether signing is left to Envoy.
    pub fn is_external(&self) -> bool {
        self.value.at("credentials.type").text() == Some("external")
    }

    /// Paths of the clusters that `credentials` names, with the names.
    pub fn clusters(&self) -> Vec<(String, &str)> {
        let mut clusters = Vec::new();
        self.value.get("credentials").objects(&join(&self.path, "credentials"), &mut |object, path| {
            if let Some(cluster) = object.get("cluster").text() {
                clusters.push((join(path, "cluster"), cluster));
            }
        });
        clusters
    }

    /// What can be said of the configuration alone.
    pub fn check(&self, document: &Document, found: &mut Vec<Finding>) {
        if let Err(problem) = &self.config {
            found.push(Finding::new(Rule::PluginConfig, document, &self.path).detail(problem));
            return;
        }
        if self.serving().is_some() && !self.region_is_known && self.variables.is_none() {
            found.push(Finding::new(Rule::PluginRegion, document, &self.path));
        }
        let credentials = join(&self.path, "credentials");
        self.value.get("credentials").texts(&credentials, &mut |text, path| {
            if is_placeholder(text) {
                found.push(Finding::new(Rule::Placeholder, document, path));
            }
        });
        if let Some(variables) = self.handed_on() {
            environment::check(document, self, &variables, found);
        }
    }

    /// The names of the variables that reach the filter, where that is said.
    pub fn handed_on(&self) -> Option<Vec<&str>> {
        Some(self.variables.as_ref()?.iter().map(|(name, _)| name.as_str()).collect())
    }
}
