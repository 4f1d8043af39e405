//! How often each service was called.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::Service;

/// Of how many calls the times are kept.
const KEPT: usize = 1000;

/// The counts of all services.
#[derive(Debug, Default)]
pub struct Counts(Mutex<[Count; Service::ALL.len()]>);

#[derive(Debug, Default)]
struct Count {
    total: u64,
    ok: u64,
    documents: u64,
    at: VecDeque<u64>,
}

impl Counts {
    /// A request has come.
    pub fn called(&self, service: Service, now: SystemTime) {
        let count = &mut self.counts()[service as usize];
        count.total += 1;
        if count.at.len() == KEPT {
            count.at.pop_front();
        }
        count.at.push_back(millis(now));
    }

    /// It was answered as its sender had hoped; with `document` the answer was one of credentials.
    pub fn succeeded(&self, service: Service, document: bool) {
        let count = &mut self.counts()[service as usize];
        count.ok += 1;
        count.documents += u64::from(document);
    }

    /// All counts by the services' names.
    pub fn json(&self) -> Value {
        let counts = self.counts();
        let shown = Service::ALL.map(|service| {
            let count = &counts[service as usize];
            let mut shown = json!({ "total": count.total, "ok": count.ok, "at": count.at });
            // Elsewhere each good answer is one.
            if service == Service::InstanceMetadata {
                shown["documents"] = count.documents.into();
            }
            (service.name().to_owned(), shown)
        });
        Value::Object(Map::from_iter(shown))
    }

    /// Begins at 0 again.
    pub fn reset(&self) {
        *self.counts() = Default::default();
    }

    fn counts(&self) -> MutexGuard<'_, [Count; Service::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unix milliseconds.
pub fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
