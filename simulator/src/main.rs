//! A Bedrock runtime on loopback.

fn main() {}
