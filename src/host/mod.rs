//! Registration and host calls.
