//! The hands: runs components in wasmtime.
