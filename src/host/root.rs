//! One plugin on one worker: its configuration, and what its streams share.

use super::abi::{self, Buffer};
use super::complaints::Complaints;
use super::logger;
use super::metrics::Metrics;
use super::stream::{self, Stream};
use super::watchdog::{self, Watchdog};
use crate::anthropic::error::ErrorType;
use crate::config::{Config, Source};
use crate::exchange::{Reply, Signers};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::cell::RefCell;
use std::rc::Rc;

/// What the streams of a plugin share.
pub struct Plugin {
    pub config: Rc<Config>,
    pub signers: RefCell<Signers>,
    pub metrics: Metrics,
    pub watchdog: Watchdog,
    pub complaints: Complaints,
}

#[derive(Default)]
pub struct Root {
    plugin: Option<Rc<Plugin>>,
}

impl Context for Root {}

impl RootContext for Root {
    /// A pure function of the configuration and the VM's environment: Envoy tries a configuration several times, and
    /// remembers a refused one.
    fn on_configure(&mut self, _size: usize) -> bool {
        logger::follow_level();
        if abi::set_shared_once("bedrock_messages.announced") {
            log::info!("bedrock-messages {} ({})", env!("CARGO_PKG_VERSION"), env!("BEDROCK_MESSAGES_COMMIT"));
        }
        let text = abi::buffer(Buffer::PluginConfiguration, 0, abi::END).unwrap_or_default();
        let config = match Config::parse(&text, &|name| std::env::var(name).ok()) {
            Ok(config) => Rc::new(config),
            Err(error) => {
                log::error!("bedrock-messages: configuration refused: {error}");
                return false;
            }
        };
        if let Source::Missing(reason) = &config.credentials {
            log::warn!("bedrock-messages: no AWS credentials, requests will be answered with an error: {reason}");
        }
        // It looks only until the first body has come: see `on_tick`.
        if let Err(refused) = abi::set_tick_period(watchdog::TICK) {
            log::warn!(
                "bedrock-messages: no ticks ({refused}): a missing allow_on_headers_stop_iteration will go unnoticed"
            );
        }
        let signers = RefCell::new(Signers::new(&config.region));
        let (metrics, watchdog, complaints) = (Metrics::default(), Watchdog::default(), Complaints::default());
        self.plugin = Some(Rc::new(Plugin { config, signers, metrics, watchdog, complaints }));
        true
    }

    fn on_tick(&mut self) {
        let Some(plugin) = &self.plugin else { return };
        if plugin.watchdog.is_done() {
            // Refused only where ticks are not to be had at all.
            let _ = abi::set_tick_period(0);
            return;
        }
        for context in plugin.watchdog.overdue(abi::now().unwrap_or_default()) {
            if abi::set_effective_context(context).is_ok() {
                log::error!("bedrock-messages: {OPTION_MISSING}");
                let reply = Reply::error(500, ErrorType::Api, OPTION_MISSING).with("x-should-retry", "false");
                stream::send(&reply);
            }
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let plugin = self.plugin.clone()?;
        Some(Box::new(Stream::new(context, plugin)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

const OPTION_MISSING: &str = "the gateway's Envoy runs this filter without allow_on_headers_stop_iteration: true \
    (plugin configuration, Envoy 1.35 or newer), or it was set after Envoy had loaded the plugin";
