//! Event stream chunks to SSE.
