//! One plugin on one worker: its configuration, and what its streams share.

use super::abi::{self, Buffer};
use super::complaints::Complaints;
use super::handle::Handle;
use super::hold::{HeldStream, Hold};
use super::keeper::Keeper;
use super::logger;
use super::metrics::Metrics;
use super::stream;
use super::waiting::Waiting;
use super::watchdog::Watchdog;
use crate::config::{self, Config, Source};
use crate::deadline::Deadline;
use crate::exchange::{Refusal, Signers};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What runs.
macro_rules! version {
    () => {
        concat!(env!("CARGO_PKG_VERSION"), " (", env!("BEDROCK_MESSAGES_COMMIT"), ")")
    };
}

/// Between two ticks while requests wait for what another worker fetches, milliseconds.
const QUICK: u32 = 10;
/// Between two ticks otherwise.
const USUAL: u32 = 1_000;

/// What the streams of a plugin share.
pub struct Plugin {
    pub config: Rc<Config>,
    pub signers: RefCell<Signers>,
    /// Of credentials that are fetched.
    pub keeper: Option<Keeper>,
    pub waiting: Waiting,
    pub metrics: Metrics,
    pub watchdog: Watchdog,
    pub complaints: Complaints,
    /// Milliseconds; 0 for none.
    ticks: Cell<u32>,
}

impl Plugin {
    /// Ticks at another period, from now on.
    fn tick_every(&self, period: u32) {
        if self.ticks.replace(period) == period {
            return;
        }
        // A period that is only changed counts from the next tick.
        if let Err(refused) = abi::set_tick_period(0).and_then(|()| abi::set_tick_period(period)) {
            log::warn!(
                "bedrock-messages: no ticks ({refused}): credentials are not fetched, a missing allow_on_headers_stop_iteration goes unnoticed"
            );
        }
    }

    /// Takes in a request that waits for credentials; false when there is no room.
    pub fn wait(&self, context: u32, handle: Handle, now: u64) -> bool {
        let patience = Deadline::after(now, self.config.limits.credentials_wait_ms);
        let taken = self.waiting.add(context, handle, patience);
        self.tick_every(QUICK);
        taken
    }

    /// AWS has refused the credentials of a request: the operator is told, and new ones are asked for.
    pub fn refused(&self, refusal: &Refusal) {
        self.complaints.refused(refusal);
        if let Some(keeper) = &self.keeper {
            keeper.refused(now());
        }
    }

    /// Lets requests go on that have what they waited for, or have waited long enough.
    fn serve_waiting(&self, now: u64) {
        let Some(keeper) = &self.keeper else { return };
        if self.waiting.is_empty() {
            return;
        }
        let all = keeper.usable(now).is_some();
        self.waiting.let_go(all, now, Handle::wake);
    }
}

/// What a plugin does; until it is configured, nothing.
#[derive(Default)]
pub enum Root {
    /// Nothing.
    #[default]
    Idle,
    /// It serves requests.
    Serve(Rc<Plugin>),
    /// It holds the headers of requests.
    Hold(Rc<Hold>),
}

impl Context for Root {
    /// A source has answered: of credentials that are fetched.
    fn on_http_call_response(&mut self, token: u32, headers: usize, _body_size: usize, _trailers: usize) {
        let Self::Serve(plugin) = self else { return };
        let now = now();
        if let Some(keeper) = &plugin.keeper {
            keeper.answered(token, headers, now, &plugin.metrics);
        }
        plugin.serve_waiting(now);
    }
}

impl RootContext for Root {
    /// A pure function of the configuration and the VM's environment: Envoy tries a configuration several times, and
    /// remembers a refused one.
    fn on_configure(&mut self, _size: usize) -> bool {
        logger::follow_level();
        if abi::set_shared_once(concat!("bedrock_messages.announced ", version!()), b"1") {
            log::info!("bedrock-messages {}", version!());
        }
        let text = abi::buffer(Buffer::PluginConfiguration, 0, abi::END).unwrap_or_default();
        let config = match config::Plugin::parse(&text, &|name| std::env::var(name).ok()) {
            Ok(config::Plugin::Serve(config)) => Rc::new(*config),
            Ok(config::Plugin::Hold) => return self.hold(),
            Err(error) => {
                log::error!("bedrock-messages: configuration refused: {error}");
                return false;
            }
        };
        let keeper = match &config.credentials {
            Source::Missing(reason) => {
                log::warn!("bedrock-messages: no AWS credentials, requests will be answered with an error: {reason}");
                None
            }
            Source::Fetched(provider) => Some(Keeper::new(provider)),
            Source::Ready(_) | Source::External => None,
        };
        let plugin = Rc::new(Plugin {
            signers: RefCell::new(Signers::new(&config.region)),
            watchdog: Watchdog::new(!config.is_paired),
            config,
            keeper,
            waiting: Waiting::default(),
            metrics: Metrics::default(),
            complaints: Complaints::default(),
            ticks: Cell::default(),
        });
        // The first call is made from a tick: from here it would be lost with a configuration that is only tried.
        plugin.tick_every(if plugin.keeper.is_some() { 1 } else { USUAL });
        *self = Self::Serve(plugin);
        true
    }

    fn on_queue_ready(&mut self, _queue: u32) {
        if let Self::Hold(hold) = self {
            hold.release();
        }
    }

    fn on_tick(&mut self) {
        let Self::Serve(plugin) = self else { return };
        let now = now();
        if let Some(keeper) = &plugin.keeper {
            keeper.tick(now, &plugin.metrics);
            plugin.serve_waiting(now);
        }
        watch(plugin, now);
        plugin.tick_every(match (&plugin.keeper, plugin.watchdog.is_done()) {
            (Some(_), _) if !plugin.waiting.is_empty() => QUICK,
            (None, true) => 0,
            _ => USUAL,
        });
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        // It can be changed while Envoy runs.
        logger::follow_level();
        match self {
            Self::Idle => None,
            Self::Serve(plugin) => Some(Box::new(Handle::new(context, plugin.clone()))),
            Self::Hold(hold) => Some(Box::new(HeldStream::new(context, hold.clone()))),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Root {
    fn hold(&mut self) -> bool {
        match Hold::new() {
            Ok(hold) => {
                *self = Self::Hold(Rc::new(hold));
                true
            }
            Err(refused) => {
                log::error!("bedrock-messages: no queue ({refused}): role hold cannot be served");
                false
            }
        }
    }
}

/// Answers streams that are held and get no body.
fn watch(plugin: &Plugin, now: u64) {
    if plugin.watchdog.is_done() {
        return;
    }
    for context in plugin.watchdog.overdue(now) {
        if abi::set_effective_context(context).is_ok() {
            stream::send(&plugin.complaints.misplaced(OPTION_MISSING));
        }
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    abi::now().unwrap_or_default()
}

const OPTION_MISSING: &str = "the gateway's Envoy runs this filter without allow_on_headers_stop_iteration: true \
    (plugin configuration, Envoy 1.35 or newer), or it was set after Envoy had loaded the plugin";
