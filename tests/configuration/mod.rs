//! Reads a configuration as the filter would, its error as the text that an operator sees.

use bedrock_messages::config::Config;

pub fn parse_in(json: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let environment =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::parse(json.as_bytes(), &environment).map_err(|error| error.to_string())
}

pub fn parse(json: &str) -> Result<Config, String> {
    parse_in(json, &[("AWS_REGION", "us-east-1")])
}
