//! `bedrock-messages`: the command line of the tools.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use bedrock_messages_tools::check::{self, Severity};
use bedrock_messages_tools::convert::{self, Options};
use bedrock_messages_tools::image;
use bedrock_messages_tools::input::Inputs;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// What a command ends with when it could not read its files.
const UNREADABLE: u8 = 2;

/// Tools around Bedrock Messages: check a deployment, convert one of Envoy AI Gateway, build the filter's image.
#[derive(Parser)]
#[command(name = "bedrock-messages", version)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Find in files, offline, what would not work. Exit status: 0 no errors, 1 errors, 2 not readable.
    Check(Check),
    /// Write manifests of Envoy Gateway with the filter for manifests of Envoy AI Gateway.
    Convert(Convert),
    /// Build the filter's OCI image without Docker, and push it.
    Image(image::Options),
}

#[derive(Args)]
struct Check {
    /// Manifests (YAML), configurations of the filter (JSON) or of Envoy (YAML), taken together and in this order; - is the standard input.
    #[arg(required_unless_present = "rules")]
    files: Vec<String>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// List the rules instead.
    #[arg(long)]
    rules: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line a finding.
    Text,
    /// One list of objects.
    Json,
}

#[derive(Args)]
struct Convert {
    /// Manifests of AI Gateway and what belongs to them; - is the standard input.
    #[arg(required = true)]
    files: Vec<String>,
    /// Where to write; without it, to the standard output.
    #[arg(short, long)]
    output: Option<String>,
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    match Command::parse().action {
        Action::Check(arguments) if arguments.rules => rules(),
        Action::Check(arguments) => checked(&arguments),
        Action::Convert(arguments) => converted(&arguments),
        Action::Image(options) => match image::run(&options) {
            Ok(report) => shown(&report.to_string(), 0),
            Err(error) => failed(&error.to_string(), 1),
        },
    }
}

fn failed(problem: &str, status: u8) -> ExitCode {
    eprintln!("bedrock-messages: {problem}");
    ExitCode::from(status)
}

/// Writes to the standard output. Somebody who reads no further, `head` for one, is no mistake.
fn shown(text: &str, status: u8) -> ExitCode {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => failed(&error.to_string(), UNREADABLE),
        _ => ExitCode::from(status),
    }
}

fn rules() -> ExitCode {
    let row = |row: &check::Row| {
        let severity = if row.severity == Severity::Error { "error" } else { "warning" };
        format!("{} ({severity}): {}. {}.\n", row.id, row.wrong, row.mend)
    };
    shown(&check::RULES.iter().map(row).collect::<String>(), 0)
}

fn checked(arguments: &Check) -> ExitCode {
    let inputs = match Inputs::read(&arguments.files) {
        Ok(inputs) => inputs,
        Err(error) => return failed(&error.to_string(), UNREADABLE),
    };
    let found = check::check(&inputs);
    let text = if arguments.format == Format::Json {
        let findings: Vec<_> = found.iter().map(check::Finding::to_value).collect();
        serde_json::to_string_pretty(&findings).unwrap_or_default() + "\n"
    } else {
        found.iter().map(|finding| format!("{finding}\n")).collect()
    };
    shown(&text, u8::from(found.iter().any(|finding| finding.severity() == Severity::Error)))
}

fn converted(arguments: &Convert) -> ExitCode {
    let inputs = match Inputs::read(&arguments.files) {
        Ok(inputs) => inputs,
        Err(error) => return failed(&error.to_string(), UNREADABLE),
    };
    let converted = match convert::convert(&inputs, &arguments.options) {
        Ok(converted) => converted,
        Err(problem) => return failed(&problem, 1),
    };
    converted.notes.iter().for_each(|note| eprintln!("{note}"));
    let Some(file) = &arguments.output else { return shown(&converted.text, 0) };
    match std::fs::write(file, &converted.text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{file}: {error}"), UNREADABLE),
    }
}
