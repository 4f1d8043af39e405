//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use bedrock_simulator::config::ClientAuthentication;
use bedrock_simulator::{AccessKeys, Config, CredentialConfig};
use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

/// A Bedrock runtime on loopback: checks signatures, refuses what Bedrock refuses, answers, and fails on demand. By the
/// request's host it is STS, the instance metadata service, the container credentials endpoint or an OIDC provider too.
#[derive(Debug, Parser)]
#[command(version, after_long_help = FAULTS)]
pub struct Arguments {
    /// Address to listen on; port 0 takes a free one, and the line on stdout says which
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// Region that signatures must be scoped to
    #[arg(long, default_value = Config::REGION)]
    region: String,
    /// Access key id that signs
    #[arg(long, value_name = "ID", default_value = Config::ACCESS_KEY_ID)]
    access_key_id: String,
    /// Secret access key that signs
    #[arg(long, value_name = "KEY", default_value = Config::SECRET_ACCESS_KEY)]
    secret_access_key: String,
    /// Session token that every request signed by this key must carry; without it, none may carry one
    #[arg(long, value_name = "TOKEN")]
    session_token: Option<String>,
    /// Bedrock API key that is accepted as `Authorization: Bearer`, by the native API as `x-api-key` too
    #[arg(long, value_name = "KEY", default_value = Config::API_KEY)]
    api_key: String,
    /// Pause between two events of a stream
    #[arg(long, value_name = "MS", default_value_t = Config::TOKEN_DELAY_MS)]
    token_delay_ms: u64,
    /// Role of the instance, whose credentials the instance metadata service hands out
    #[arg(long, value_name = "NAME", default_value = CredentialConfig::INSTANCE_ROLE)]
    instance_role: String,
    /// Let the instance metadata service answer without a token too
    #[arg(long)]
    imds_v1: bool,
    /// What the container credentials endpoint wants as `authorization`
    #[arg(long, value_name = "TOKEN", default_value = CredentialConfig::CONTAINER_TOKEN)]
    container_token: String,
    /// Client that the OIDC token endpoint knows
    #[arg(long, value_name = "ID", default_value = CredentialConfig::OIDC_CLIENT_ID)]
    oidc_client_id: String,
    /// Secret of that client
    #[arg(long, value_name = "SECRET", default_value = CredentialConfig::OIDC_CLIENT_SECRET)]
    oidc_client_secret: String,
    /// The one way in which it takes that secret; both without it
    #[arg(long, value_name = "WAY")]
    oidc_authentication: Option<ClientAuthentication>,
    /// Life of all credentials and OIDC tokens that are handed out, whatever was asked for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    session_seconds: Option<u64>,
    /// What is logged to stderr: off, error, warn, info (one line per request), debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: LevelFilter,
}

impl Arguments {
    /// What the server is told.
    pub fn config(self) -> Config {
        Config {
            region: self.region,
            keys: AccessKeys {
                access_key_id: self.access_key_id,
                secret_access_key: self.secret_access_key,
                session_token: self.session_token,
            },
            api_key: self.api_key,
            token_delay: Duration::from_millis(self.token_delay_ms),
            credentials: CredentialConfig {
                instance_role: self.instance_role,
                imds_v1: self.imds_v1,
                container_token: self.container_token,
                oidc_client_id: self.oidc_client_id,
                oidc_client_secret: self.oidc_client_secret,
                oidc_authentication: self.oidc_authentication,
                session_life: self.session_seconds.map(Duration::from_secs),
            },
        }
    }
}

const FAULTS: &str = r#"Faults:
  A marker in the last message of the user asks for a fault; several may stand together.
  N events go before it (after=N; 1 when left out; 0 is before the first frame; never later than before the last).

  Instead of an answer:
    [[fault: ThrottlingException]]          any exception of Bedrock by its AWS name; with message="…", status=N, retry-after=N,
                                            name=header|code|Code|__type|none, message-key=WORD
    [[fault: json-cut]]                     an error document that stops in its middle
    [[fault: huge-error]]                   an error document of 300 KB
    [[fault: html-503]]                     a load balancer's page
    [[fault: empty-500]]                    no body and no error name
  In a stream:
    [[fault: stream throttlingException after=3]]   an exception frame; with message="…"
    [[fault: sse-error overloaded_error after=N]]   natively: an error event; with message="…"
    [[fault: error-frame after=N]]          a frame with :message-type error
    [[fault: cut after=N]]                  the connection closes in the middle of a frame
    [[fault: end after=N]]                  the body ends without message_stop
    [[fault: bad-crc after=N]]              a wrong message CRC
    [[fault: bad-prelude after=N]]          a wrong prelude CRC
    [[fault: impossible-length after=N length=L]]   a frame that announces L bytes (4 GiB when left out)
    [[fault: stall after=N ms=M]]           a pause
    [[fault: unknown-event after=N]]        an unknown :event-type, then a chunk with an unknown type
    [[fault: json-200]]                     200 with JSON instead of a stream
  How it is written:
    [[fault: one-byte]]                     each byte by itself
    [[fault: coalesce]]                     all frames at once
    [[fault: delay ms=N]]                   a pause before the response headers
    [[fault: pace ms=N]]                    another pause between events
  With times=K a fault plays for the first K requests of the same body only.

Questions about what was received:
  GET /_simulator/last, GET /_simulator/requests?after=N, POST /_simulator/reset

Credential services:
  Hosts sts.*, sts-fips.*; 169.254.169.254, [fd00:ec2::254]; 169.254.170.2, 169.254.170.23, [fd00:ec2::23], and on any host
  GET /v2/credentials/... and GET /v1/credentials; oidc.*
    GET  /_simulator/credentials            calls and issued keys
    GET  /_simulator/credentials/requests   the newest requests to these services
    POST /_simulator/identity-token?subject=S&seconds=N&audience=A   a token as kubelet mounts it
    POST /_simulator/credentials/fault      {"service":"sts|oidc|instanceMetadata|container","fault":WORD}, WORD one of
      none, error (with status, code, message), slow (with ms), stall, reset, garbage, cut, huge, redirect, echo, wrongType,
      empty; with "times":K for the first K requests only"#;
