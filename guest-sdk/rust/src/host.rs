//! What a run asks of its surroundings: the runtime in a component, a test environment in native tests.

use std::time::Duration;

use crate::{ActivityOptions, Failure, Payload, log::Level};

/// The commands of a run, and the few things that it asks without one.
pub(crate) trait Host {
    /// Returns the sequence number that the activity's result will carry.
    fn schedule_activity(&self, activity_type: &str, input: Vec<Payload>, options: &ActivityOptions) -> u32;

    fn request_cancel_activity(&self, seq: u32);

    /// Returns the sequence number that the timer's firing will carry.
    fn start_timer(&self, duration: Duration, summary: Option<&str>) -> u32;

    fn cancel_timer(&self, seq: u32);

    fn complete(&self, output: Payload);

    fn fail(&self, failure: Failure);

    /// Ends the run as canceled.
    fn cancel(&self);

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);

    /// The next number of the run's own random sequence.
    fn random(&self) -> u64;
}
