//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use bedrock_simulator::{AccessKeys, Config};
use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

/// A Bedrock runtime on loopback: checks signatures, refuses what Bedrock refuses, answers, and fails on demand.
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
    /// Session token that every signed request must carry; without it, none may carry one
    #[arg(long, value_name = "TOKEN")]
    session_token: Option<String>,
    /// Bedrock API key that is accepted as `Authorization: Bearer`, by the native API as `x-api-key` too
    #[arg(long, value_name = "KEY", default_value = Config::API_KEY)]
    api_key: String,
    /// Pause between two events of a stream
    #[arg(long, value_name = "MS", default_value_t = Config::TOKEN_DELAY_MS)]
    token_delay_ms: u64,
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
  GET /_simulator/last, GET /_simulator/requests?after=N, POST /_simulator/reset"#;
