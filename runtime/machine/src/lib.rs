//! The rules: (run, what happened, now) to a [`Transition`] or a [`Rejection`].
//!
//! Pure: no clock, no IO, no randomness. Time and ids come in as arguments; what is to be done outside goes out as values.

mod activity;
mod cancel;
mod child_workflow;
mod command;
mod continuation;
mod cron;
mod deadline;
mod external_workflow;
mod marker;
mod message;
mod rebuild;
mod rejection;
mod reset;
mod retry;
pub mod schedule;
mod signal;
mod start;
mod timer;
mod turn;
mod update;
mod workflow;
mod workflow_task;

pub use activity::{ActivityClose, ActivityStart};
pub use child_workflow::{ChildClose, child_close};
pub use continuation::{Continuation, ContinuationKind};
pub use cron::next_cron_time;
pub use deadline::next_deadline;
pub use message::{Outgoing, unanswered};
pub use rebuild::{Origin, rebuild};
pub use rejection::Rejection;
pub use reset::{Reset, reset_signals};
pub use signal::Signal;
pub use start::{ReuseDecision, StartRun, StartedBy, decide_reuse};
pub use turn::{Transition, Turn};
