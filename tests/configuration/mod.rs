//! Reads a configuration as the filter would, its error as the text that an operator sees.

#![allow(dead_code, reason = "each file of tests needs its part")]

use bedrock_messages::config::{Config, Plugin};

pub fn parse_in(json: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let environment =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::parse(json.as_bytes(), &environment).map_err(|error| error.to_string())
}

/// Whether it is one, of whatever role.
pub fn check(json: &str) -> Result<(), String> {
    let environment = |name: &str| (name == "AWS_REGION").then(|| "us-east-1".to_owned());
    Plugin::parse(json.as_bytes(), &environment).map(drop).map_err(|error| error.to_string())
}

pub fn parse(json: &str) -> Result<Config, String> {
    parse_in(json, &[("AWS_REGION", "us-east-1")])
}

/// What a type of credentials may be.
pub const TYPES: &str = "expected one of environment, static, credentialsFile, apiKey, webIdentity, assumeRole, container, instanceMetadata, chain, external";

/// The members of a configuration.
pub const TOP: [&str; 19] = [
    "region",
    "endpoint",
    "upstream",
    "credentials",
    "routing",
    "models",
    "inferenceProfile",
    "unknownModels",
    "allowedModels",
    "countTokens",
    "betas",
    "fields",
    "guardrail",
    "serviceTier",
    "performanceLatency",
    "requestMetadata",
    "pathPrefix",
    "limits",
    "role",
];
