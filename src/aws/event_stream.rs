//! `application/vnd.amazon.eventstream`.
