//! What becomes of a request with members that Bedrock does not take.

use super::reply::Reply;
use crate::bedrock::fields::{Treatment, Unfit, Why};
use crate::config::{Config, FieldMode};
use crate::json::Found;

/// Refuses a request, naming every member that stands in its way.
pub fn refuse(config: &Config, found: &[Found], treatment: &Treatment<'_>) -> Result<(), Reply> {
    let refused = |unfit: &Unfit<'_>| match config.fields.mode {
        FieldMode::Strip => matches!(unfit.why, Why::Impossible(_)),
        FieldMode::Strict => true,
        FieldMode::Observe => false,
    };
    let refused: Vec<_> =
        config.field_rules.unfit(found, treatment).filter(refused).map(|unfit| line(&unfit)).collect();
    if refused.is_empty() { Ok(()) } else { Err(Reply::invalid(&refused.join("; "))) }
}

/// The names of the members that cannot stay, once each.
pub fn names(config: &Config, found: &[Found], treatment: &Treatment<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for unfit in config.field_rules.unfit(found, treatment) {
        if !names.iter().any(|name| name == unfit.name) {
            names.push(unfit.name.to_owned());
        }
    }
    names
}

fn line(unfit: &Unfit<'_>) -> String {
    let more = match unfit.count {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let path = unfit.path;
    match unfit.why {
        Why::Impossible(what) => format!("{path}{more}: {what} is not available through AWS Bedrock"),
        Why::Beta(beta) => format!("{path}{more}: not taken by AWS Bedrock without the beta {beta}, which is not sent"),
        Why::Newer => format!("{path}{more}: not taken by AWS Bedrock for this model"),
        Why::Refused | Why::CountingOnMantle => format!("{path}{more}: not taken by AWS Bedrock"),
    }
}
