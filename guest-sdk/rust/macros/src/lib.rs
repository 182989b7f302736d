//! The attribute macros of wrt-sdk.
