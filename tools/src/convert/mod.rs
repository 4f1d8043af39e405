//! `convert`: manifests of Envoy AI Gateway to manifests of Envoy Gateway with the filter.

mod backends;
mod bootstrap;
mod credentials;
mod exported;
mod groups;
mod listeners;
mod manifests;
mod members;
mod names;
mod notes;
mod output;
mod parents;
mod ports;
mod routing;
mod rules;
mod source;
mod target;
mod timeouts;
mod traffic;

use crate::input::Inputs;
use notes::Notes;
use output::rendered;
use source::{AI_GATEWAY, Source};
use target::Target;

/// Stands where a role has yet to be named.
const YOUR_ROLE: &str = "arn:aws:iam::123456789012:role/YOUR_ACTUAL_ROLE";

const ENVOY_NAMESPACE: &str = "envoy-gateway-system";

/// What the command is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The filter's image, as `bedrock-messages image` prints it.
    #[arg(long, conflicts_with = "url")]
    pub image: Option<String>,
    /// The filter's file, by HTTP.
    #[arg(long)]
    pub url: Option<String>,
    /// SHA-256: of an image the manifest's digest, of a file its own.
    #[arg(long)]
    pub sha256: Option<String>,
    /// The namespace of Envoy's pods, which the Secrets have to be in.
    #[arg(long, default_value = ENVOY_NAMESPACE)]
    pub envoy_namespace: String,
    /// Path that clients have before /v1/messages, such as /anthropic, AI Gateway's default.
    #[arg(long, default_value_t)]
    pub path_prefix: String,
    /// The OpenID provider's token endpoint, where the manifest has the issuer alone.
    #[arg(long)]
    pub token_endpoint: Option<String>,
    /// The role that a token of Envoy's service account is for, where the manifest names none.
    #[arg(long)]
    pub role_arn: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            image: None,
            url: None,
            sha256: None,
            envoy_namespace: ENVOY_NAMESPACE.to_owned(),
            path_prefix: String::new(),
            token_endpoint: None,
            role_arn: None,
        }
    }
}

/// The manifests, and what there is to know.
#[derive(Debug)]
pub struct Converted {
    /// YAML, with the notes as comments at its head.
    pub text: String,
    /// One line each: kind, name, path, words.
    pub notes: Vec<String>,
}

/// Converts.
pub fn convert(inputs: &Inputs, options: &Options) -> Result<Converted, String> {
    let mut notes = Notes::new(&inputs.manifests);
    let source = Source { documents: &exported::cleaned(&inputs.manifests, &mut notes) };
    let groups = source.groups(&mut notes);
    let mut target = Target::new(&source, options);
    for group in &groups {
        target.add(group, &mut notes).map_err(|problem| format!("{}: {problem}", notes.label(group.routes[0])))?;
    }
    if target.is_empty() {
        let lines: String = notes.lines.iter().map(|note| format!("\n{note}")).collect();
        return Err(format!("there is no AIGatewayRoute for Anthropic's API that leads to Bedrock{lines}"));
    }
    for document in source.documents.iter().filter(|document| document.group() == AI_GATEWAY) {
        match document.kind() {
            _ if target.is_used(document) => members::note_left_out(document, &mut notes),
            // Its own line has been written, with the reason.
            "AIGatewayRoute" => {}
            "AIServiceBackend" | "BackendSecurityPolicy" => {
                notes.add(document, "", "left out: nothing that is converted uses it");
            }
            _ => notes.add(document, "", "left out: there is no such kind without AI Gateway"),
        }
    }
    Ok(Converted { text: rendered(target.finish(&mut notes), &notes.lines), notes: notes.lines })
}
