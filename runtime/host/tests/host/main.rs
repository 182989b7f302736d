//! The host with real guests. They are built by `cargo xtask guests`; see tests/guests/README.md.

mod activities;
mod commands;
mod compiled;
mod determinism;
mod hostile;
mod logs;
mod measure;
mod parked;
mod prepare;
mod queries;
mod replay;
mod story;
mod support;
