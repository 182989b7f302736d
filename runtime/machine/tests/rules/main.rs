//! The rules, told as stories: what happened, and the history that follows from it.

mod activity;
mod cancel;
mod invariants;
mod signal;
mod start;
mod story;
mod timer;
mod workflow;
mod workflow_task;
