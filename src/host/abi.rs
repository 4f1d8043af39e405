//! The calls to Envoy (Proxy-Wasm ABI 0.2.1), each a `Result` over the raw status and bytes. The SDK's own wrappers panic
//! on any status they did not expect and on any header that is not UTF-8, and a panic takes the worker's VM down; the SDK
//! is used for registration, dispatch and traits only.
#![allow(unsafe_code)]

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// A status other than Ok (`proxy_status_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub u32);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0)
    }
}

pub type Result<T> = std::result::Result<T, Refused>;

/// `proxy_buffer_type_t`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    CallResponseBody = 4,
    PluginConfiguration = 7,
}

/// `proxy_map_type_t`: the headers of what.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Map {
    Request = 0,
    Response = 2,
    CallResponse = 6,
}

/// A buffer's end, wherever that is.
pub const END: usize = usize::MAX;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_get_buffer_bytes(kind: u32, start: usize, most: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_buffer_bytes(kind: u32, start: usize, length: usize, data: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_pairs(kind: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(kind: u32, data: *const u8, size: usize) -> u32;
    fn proxy_replace_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(kind: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, value: *const u8, value_size: usize, cas: u32) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_register_shared_queue(name: *const u8, name_size: usize, queue: *mut u32) -> u32;
    fn proxy_enqueue_shared_queue(queue: u32, data: *const u8, size: usize) -> u32;
    fn proxy_dequeue_shared_queue(queue: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
}

fn checked(status: u32) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(Refused(status)) }
}

/// Runs a call that hands a buffer over, which the host has allocated by `proxy_on_memory_allocate`.
fn bytes(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>> {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    checked(call(&mut data, &mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the SDK's allocator makes a boxed slice of exactly `size` bytes, which the host has filled and given up.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Writes a line to Envoy's log; `level` as `proxy_log_level_t` (0 trace … 5 critical).
pub fn log(level: u32, text: &str) {
    // SAFETY: the host reads the text during the call. A line that cannot be logged is lost.
    unsafe { proxy_log(level, text.as_ptr(), text.len()) };
}

/// The level Envoy logs at: 0 trace … 5 critical, 6 off.
pub fn log_level() -> Result<u32> {
    let mut level = 0;
    // SAFETY: the host writes the level.
    checked(unsafe { proxy_get_log_level(&mut level) }).map(|()| level)
}

/// Wall-clock time, milliseconds since 1970.
pub fn now() -> Result<u64> {
    let mut nanoseconds = 0;
    // SAFETY: the host writes the time.
    checked(unsafe { proxy_get_current_time_nanoseconds(&mut nanoseconds) }).map(|()| nanoseconds / 1_000_000)
}

/// Makes the root context's `on_tick` run at this period, milliseconds; 0 stops it.
pub fn set_tick_period(milliseconds: u32) -> Result<()> {
    // SAFETY: a number.
    checked(unsafe { proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the calls that follow address this context; refused when its stream is gone.
pub fn set_effective_context(context: u32) -> Result<()> {
    // SAFETY: a number.
    checked(unsafe { proxy_set_effective_context(context) })
}

/// Lets the held request of the stream in whose context the host is go on. Its headers cannot be changed any more.
pub fn resume_request() -> Result<()> {
    const REQUEST: u32 = 0;
    // SAFETY: a number.
    checked(unsafe { proxy_continue_stream(REQUEST) })
}

/// A copy of a part of a buffer, cut at the buffer's end.
pub fn buffer(kind: Buffer, start: usize, most: usize) -> Result<Vec<u8>> {
    // SAFETY: the host writes a pointer and a size.
    match bytes(|data, size| unsafe { proxy_get_buffer_bytes(kind as u32, start, most, data, size) }) {
        // There is no such buffer in this callback, so nothing in it.
        Err(Refused(NOT_FOUND)) => Ok(Vec::new()),
        other => other,
    }
}

const NOT_FOUND: u32 = 1;

/// Replaces `length` bytes from `start`: with `start` 0 at the front, with `start` [`END`] behind the last byte. Nothing
/// else is possible.
pub fn set_buffer(kind: Buffer, start: usize, length: usize, data: &[u8]) -> Result<()> {
    // SAFETY: the host reads the data during the call.
    checked(unsafe { proxy_set_buffer_bytes(kind as u32, start, length, data.as_ptr(), data.len()) })
}

/// All headers, in the ABI's encoding: see [`pairs`].
pub fn header_map(kind: Map) -> Result<Vec<u8>> {
    // SAFETY: the host writes a pointer and a size.
    bytes(|data, size| unsafe { proxy_get_header_map_pairs(kind as u32, data, size) })
}

/// Reads a header map: a count, then two lengths for each pair (u32, little endian), then each name and value, both with a
/// NUL behind. A map that is cut short gives what is whole.
pub fn pairs(map: &[u8]) -> Vec<(&[u8], &[u8])> {
    let Some((count, rest)) = map.split_first_chunk::<4>() else { return Vec::new() };
    let count = u32::from_le_bytes(*count) as usize;
    let Some((lengths, mut text)) = count.checked_mul(8).and_then(|size| rest.split_at_checked(size)) else {
        return Vec::new();
    };
    let mut take = |length: &[u8]| {
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let (part, rest) = text.split_at_checked(length)?;
        text = rest.get(1..)?;
        Some(part)
    };
    lengths.chunks_exact(8).map_while(|pair| Some((take(pair.get(..4)?)?, take(pair.get(4..)?)?))).collect()
}

/// Replaces all headers.
pub fn set_header_map(kind: Map, headers: &[(&str, Vec<u8>)]) -> Result<()> {
    set_encoded_header_map(kind, &encoded(headers))
}

/// Replaces all headers by a map in the ABI's encoding.
pub fn set_encoded_header_map(kind: Map, map: &[u8]) -> Result<()> {
    // SAFETY: the host reads the map during the call.
    checked(unsafe { proxy_set_header_map_pairs(kind as u32, map.as_ptr(), map.len()) })
}

/// A header map in the ABI's encoding: see [`pairs`].
pub fn encoded(headers: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let size = headers.iter().map(|(name, value)| name.len() + value.len() + 10).sum::<usize>();
    let mut map = Vec::with_capacity(4 + size);
    map.extend_from_slice(&(headers.len() as u32).to_le_bytes());
    for (name, value) in headers {
        map.extend_from_slice(&(name.len() as u32).to_le_bytes());
        map.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for (name, value) in headers {
        for part in [name.as_bytes(), value] {
            map.extend_from_slice(part);
            map.push(0);
        }
    }
    map
}

/// Sets a header to one value.
pub fn set_header(kind: Map, name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: the host reads both during the call.
    checked(unsafe {
        proxy_replace_header_map_value(kind as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Removes every line of a header.
pub fn remove_header(kind: Map, name: &str) -> Result<()> {
    // SAFETY: the host reads the name during the call.
    checked(unsafe { proxy_remove_header_map_value(kind as u32, name.as_ptr(), name.len()) })
}

/// A property, by its path with NULs between the segments.
pub fn property(path: &str) -> Result<Vec<u8>> {
    // SAFETY: the host reads the path during the call and writes a pointer and a size.
    bytes(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Sets the stream's filter state `wasm.<name>`.
pub fn set_filter_state(name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: the host reads both during the call.
    checked(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// Answers the stream. `details` shows in the access log as `%RESPONSE_CODE_DETAILS%`.
pub fn send_local_response(status: u16, details: &str, headers: &[(&str, Vec<u8>)], body: &[u8]) -> Result<()> {
    let map = encoded(headers);
    // SAFETY: the host reads everything during the call.
    checked(unsafe {
        proxy_send_local_response(
            status.into(),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            map.as_ptr(),
            map.len(),
            -1,
        )
    })
}

/// What the VMs share under a key, and the number that tells whether it was changed since; nothing where it was never set.
pub fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut number = 0;
    // SAFETY: the host reads the key, and writes a pointer, a size and a number.
    let value = bytes(|data, size| unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut number) });
    value.ok().map(|value| (value, number))
}

/// Sets what the VMs share under a key, if it has not been changed since it had this number; 0 overwrites whatever is there.
pub fn set_shared(key: &str, value: &[u8], number: u32) -> Result<()> {
    // SAFETY: the host reads key and value.
    checked(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), number) })
}

/// Sets a key that the VMs share, unless it is set already; true when this call did.
pub fn set_shared_once(key: &str, value: &[u8]) -> bool {
    // What was never set has no number to compare with: two workers that start at the very same moment may both succeed.
    shared(key).is_none() && set_shared(key, value, 0).is_ok()
}

/// A queue of this name; the root context that registers it is told of what comes in by `on_queue_ready`.
pub fn register_queue(name: &str) -> Result<u32> {
    let mut queue = 0;
    // SAFETY: the host reads the name and writes the queue's number.
    checked(unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &mut queue) }).map(|()| queue)
}

/// Puts a message into a queue, of another plugin's too.
pub fn enqueue(queue: u32, message: &[u8]) -> Result<()> {
    // SAFETY: the host reads the message during the call.
    checked(unsafe { proxy_enqueue_shared_queue(queue, message.as_ptr(), message.len()) })
}

/// Takes the next message out; refused when there is none.
pub fn dequeue(queue: u32) -> Result<Vec<u8>> {
    // SAFETY: the host writes a pointer and a size.
    bytes(|data, size| unsafe { proxy_dequeue_shared_queue(queue, data, size) })
}

/// Sends a request to a cluster; the root context's `on_http_call_response` gets the token with the answer. By the SDK,
/// which would not know of a call that it did not make; it panics on no status that Envoy has for this.
pub fn call(
    cluster: &str,
    headers: Vec<(&str, &str)>,
    body: &[u8],
    timeout: Duration,
) -> std::result::Result<u32, proxy_wasm::types::Status> {
    let body = Some(body).filter(|body| !body.is_empty());
    proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, body, Vec::new(), timeout)
}

/// Any number, of the host's random bytes.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A new counter.
pub fn define_counter(name: &str) -> Result<u32> {
    let mut id = 0;
    // SAFETY: the host reads the name and writes the id.
    checked(unsafe { proxy_define_metric(0, name.as_ptr(), name.len(), &mut id) }).map(|()| id)
}

/// Counts one.
pub fn increment(counter: u32) -> Result<()> {
    // SAFETY: numbers.
    checked(unsafe { proxy_increment_metric(counter, 1) })
}
