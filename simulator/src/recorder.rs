//! The last requests, for tests that ask what reached upstream byte for byte.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::request::Received;

/// How many requests are kept.
pub const KEPT: usize = 64;
/// A longer body is kept only as its length and hash.
pub const KEPT_BODY: usize = 1 << 20;
/// For how many bodies `times=N` is counted.
const COUNTED: usize = 4096;

/// One request, and how it was answered.
#[derive(Debug)]
struct Record {
    number: u64,
    request_id: String,
    request: Received,
    length: usize,
    auth: String,
    status: u16,
}

/// What is remembered of the requests so far.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    records: VecDeque<Record>,
    number: u64,
    times: HashMap<String, u32>,
}

impl Recorder {
    /// Keeps a request and its outcome.
    pub fn keep(&self, mut request: Received, request_id: &str, auth: &str, status: u16) {
        let length = request.body.len();
        if length > KEPT_BODY {
            request.body.clear();
        }
        let mut memory = self.memory();
        memory.number += 1;
        let number = memory.number;
        if memory.records.len() == KEPT {
            memory.records.pop_front();
        }
        memory.records.push_back(Record {
            number,
            request_id: request_id.into(),
            request,
            length,
            auth: auth.into(),
            status,
        });
    }

    /// How many requests of that hash were counted before; this one is counted too.
    pub fn earlier(&self, sha256: &str) -> u32 {
        let mut memory = self.memory();
        if memory.times.len() >= COUNTED {
            memory.times.clear();
        }
        let times = memory.times.entry(sha256.into()).or_default();
        *times += 1;
        *times - 1
    }

    /// The newest request.
    pub fn last(&self) -> Option<Value> {
        self.memory().records.back().map(Record::json)
    }

    /// The kept requests with a higher number than that, oldest first, and the newest number given out.
    pub fn after(&self, number: u64) -> Value {
        let memory = self.memory();
        let newer = memory.records.iter().filter(|record| record.number > number).map(Record::json);
        json!({ "requests": newer.collect::<Vec<_>>(), "last": memory.number })
    }

    /// Forgets everything; numbers begin at 1 again.
    pub fn reset(&self) {
        *self.memory() = Memory::default();
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn json(&self) -> Value {
        let headers: Vec<[String; 2]> = self
            .request
            .headers
            .iter()
            .map(|(name, value)| [name.as_str().to_owned(), readable(value.as_bytes())])
            .collect();
        let kept = self.length <= KEPT_BODY;
        json!({
            "number": self.number,
            "requestId": self.request_id,
            "method": self.request.method.as_str(),
            "path": self.request.target,
            "host": self.request.host,
            "headers": headers,
            "body": kept.then(|| STANDARD.encode(&self.request.body)),
            "bodyLength": self.length,
            "bodySha256": self.request.sha256,
            "auth": self.auth,
            "status": self.status,
        })
    }
}

/// UTF-8 as it is, anything else byte by byte as Latin-1.
fn readable(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}
