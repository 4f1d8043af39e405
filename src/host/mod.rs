//! The host layer: the only code that knows Proxy-Wasm. It knows no rule of Anthropic or AWS.

mod abi;
mod body;
mod complaints;
mod handle;
mod hold;
mod keeper;
mod logger;
mod metrics;
mod pair;
mod report;
mod root;
mod stream;
mod waiting;
mod watchdog;

use proxy_wasm::traits::RootContext;

proxy_wasm::main! {{
    logger::install();
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(root::Root::default()) });
}}
