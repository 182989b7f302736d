//! The host with real guests. They are built by `cargo xtask guests`; see tests/guests/README.md.

// A panic is the report; clippy knows helpers of integration tests not as tests.
#![allow(clippy::unwrap_used)]

mod activities;
mod commands;
mod compiled;
mod determinism;
mod hostile;
mod local_activities;
mod logs;
mod parked;
mod prepare;
mod queries;
mod replay;
mod story;
mod support;
mod temporal_guest;
