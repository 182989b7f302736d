//! The rules: (run, what happened, now) to a [`Transition`] or a [`Rejection`].
//!
//! Pure: no clock, no IO, no randomness. Time and ids come in as arguments; what is to be done outside goes out as values.

mod activity;
mod cancel;
mod deadline;
mod rejection;
mod retry;
mod signal;
mod start;
mod timer;
mod turn;
mod workflow;
mod workflow_task;

pub use activity::{ActivityClose, ActivityStart};
pub use deadline::next_deadline;
pub use rejection::Rejection;
pub use signal::Signal;
pub use start::{Continuation, ReuseDecision, StartRun, decide_reuse};
pub use turn::{Transition, Turn};
