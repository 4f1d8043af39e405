//! The streaming editor of top-level members.
