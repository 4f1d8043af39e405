//! What AWS speaks: SigV4, the event stream, credentials, endpoints.

pub mod clock;
pub mod credentials;
pub mod endpoint;
pub mod event_stream;
pub mod sigv4;
