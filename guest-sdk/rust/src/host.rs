//! What a run asks of its surroundings: the runtime in a component, a test environment in native tests.

use crate::{command::Command, log::Level};

/// Takes the commands of a run, and answers the few things that it asks without one.
pub(crate) trait Host {
    /// Takes a command. Gives the sequence number that its answer will carry; 0 when it has no answer.
    fn issue(&self, command: Command) -> u32;

    /// Whether the code behind a change is to run.
    fn patched(&self, patch_id: &str) -> bool;

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);
}
