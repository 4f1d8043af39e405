"""What the end-to-end tests stand on: real processes, a raw HTTP client, upstreams that misbehave, the real SDKs."""
