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
mod external_payload;
mod external_workflow;
mod field_mask;
mod lengths;
mod limits;
mod marker;
mod message;
mod own_attribute;
mod pause;
mod rebuild;
mod rejection;
mod reset;
mod reset_points;
pub mod retry;
pub mod schedule;
mod signal;
mod sizes;
mod start;
mod timer;
mod turn;
mod update;
mod worker_deployment;
mod workflow;
mod workflow_options;
mod workflow_task;

pub use activity::{
    ActivityClose, ActivityOptionsChange, ActivityReset, ActivitySelector, ActivityStart, ActivityUnpause,
    HeartbeatAnswer, Jitter, activity_options,
};
pub use child_workflow::{ChildClose, child_close};
pub use command::is_closing;
pub use continuation::{Continuation, ContinuationKind};
pub use cron::next_cron_time;
pub use deadline::next_deadline;
pub use external_workflow::{ExternalAnswer, ExternalOutcome};
pub use message::{Outgoing, unanswered};
pub use rebuild::{Origin, rebuild};
pub use rejection::Rejection;
pub use reset::{Reapplied, Reset, ResetPoint, reapplied, reset_point};
pub use signal::Signal;
pub use start::{ReuseDecision, StartRun, StartedBy, decide_reuse};
pub use turn::{Transition, Turn};
pub use worker_deployment::{
    Candidate, Modifier, WorkerDeploymentRejection, WorkerDeploymentTurn, deployment_conflict_token,
    inheritance::Inheritance,
    routing::{Directive, QueueRouting},
    search_attribute::pinned_build_id,
    version_not_found, version_of_worker, version_status,
    versioning::{
        ActivityRoute, PollerVersion, activity_route, deployment_version, versioning_behavior, workflow_directive,
    },
};
pub use workflow_options::{WorkflowOptionsChange, workflow_options};
pub use workflow_task::{WorkflowTaskCompletion, WorkflowTaskEnd, problem::workflow_task_cause};
