//! The `log` crate's lines to Envoy's log, at Envoy's level: what it would drop is not even formatted.

use super::abi;
use log::{Level, LevelFilter, Log, Metadata, Record};

struct Logger;

/// Installs the logger, and a hook that puts a panic's place (not its text) into the log.
pub fn install() {
    // It fails only where a logger is there already: this one.
    let _ = log::set_logger(&Logger);
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        abi::log(5, &format!("panicked at {place}"));
    }));
}

/// Takes over Envoy's log level.
pub fn follow_level() {
    log::set_max_level(match abi::log_level() {
        Ok(0) => LevelFilter::Trace,
        Ok(1) => LevelFilter::Debug,
        Ok(2) => LevelFilter::Info,
        Ok(3) => LevelFilter::Warn,
        Ok(4 | 5) => LevelFilter::Error,
        _ => LevelFilter::Off,
    });
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Trace => 0,
            Level::Debug => 1,
            Level::Info => 2,
            Level::Warn => 3,
            Level::Error => 4,
        };
        if self.enabled(record.metadata()) {
            abi::log(level, &record.args().to_string());
        }
    }

    fn flush(&self) {}
}
