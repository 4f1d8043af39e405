//! Role `hold`: it holds the headers of requests that the `transform` before it takes, and lets them go as that says.

use super::abi::{self, Map};
use super::complaints::Complaints;
use super::pair::{self, Flow};
use super::stream;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// What the held streams of a plugin share.
pub struct Hold {
    queue: u32,
    complaints: Complaints,
}

impl Hold {
    /// With a queue of its own: of one that several VMs register, only the last is told.
    pub fn new() -> abi::Result<Self> {
        let name = format!("bedrock_messages.hold.{:x}{:x}", abi::random(), abi::random());
        Ok(Self { queue: abi::register_queue(&name)?, complaints: Complaints::default() })
    }

    /// Lets the requests go that `transform` has said how they leave.
    pub fn release(&self) {
        while let Ok(message) = abi::dequeue(self.queue) {
            let Some((context, headers)) = pair::read(&message) else { continue };
            // Refused when the client has gone.
            if abi::set_effective_context(context).is_ok()
                && let Err(refused) = release(headers)
            {
                log::error!("bedrock-messages: letting a request go was refused by the host ({refused})");
                stream::send(&stream::failed());
            }
        }
    }
}

/// Lets the request go in whose context the host is.
fn release(headers: &[u8]) -> abi::Result<()> {
    if !headers.is_empty() {
        abi::set_encoded_header_map(Map::Request, headers)?;
    }
    abi::resume_request()
}

/// A request.
pub struct HeldStream {
    context: u32,
    hold: Rc<Hold>,
}

impl HeldStream {
    pub fn new(context: u32, hold: Rc<Hold>) -> Self {
        Self { context, hold }
    }
}

impl Context for HeldStream {}

impl HttpContext for HeldStream {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Action {
        match pair::said() {
            Flow::Passed => Action::Continue,
            Flow::Taken => match pair::hold(self.hold.queue, self.context) {
                Ok(()) => Action::Pause,
                Err(refused) => {
                    log::error!("bedrock-messages: holding a request was refused by the host ({refused})");
                    stream::send(&stream::failed());
                    Action::Pause
                }
            },
            Flow::Unsaid => {
                stream::send(&self.hold.complaints.misplaced(TRANSFORM_MISSING));
                Action::Pause
            }
        }
    }
}

const TRANSFORM_MISSING: &str = "the gateway's Envoy runs this filter with role hold, and there is none with role \
    transform before it: it is missing, or stands behind (both belong into one EnvoyExtensionPolicy, transform first)";
