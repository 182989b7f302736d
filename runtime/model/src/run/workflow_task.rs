//! Workflow tasks that are open, and why the last ones have failed.

use crate::proto::{Failure, enums::WorkflowTaskFailedCause};

/// A worker that keeps a run in its cache, and takes the run's workflow tasks from a queue of its own.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Sticky {
    /// That queue.
    #[prost(string, tag = "1")]
    pub task_queue: String,
    /// How long a task waits there before it goes to the run's own queue, in nanoseconds.
    #[prost(int64, tag = "2")]
    pub schedule_to_start_ns: i64,
}

/// A workflow task that is open.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkflowTask {
    /// Where it stands.
    #[prost(enumeration = "WorkflowTaskState", tag = "1")]
    pub state: i32,
    /// Its `scheduled` event. From the second attempt on it is written only when an attempt succeeds: while that attempt
    /// runs this is the id that it will get, before that 0.
    #[prost(int64, tag = "2")]
    pub scheduled_event_id: i64,
    /// Its `started` event, written together with the `scheduled` one; 0 until the attempt starts.
    #[prost(int64, tag = "3")]
    pub started_event_id: i64,
    /// 1 for the first attempt.
    #[prost(int32, tag = "4")]
    pub attempt: i32,
    /// When it was scheduled.
    #[prost(int64, tag = "5")]
    pub scheduled_ns: i64,
    /// When it may start: later than `scheduled_ns` after failures.
    #[prost(int64, tag = "6")]
    pub not_before_ns: i64,
    /// When it started; 0 before.
    #[prost(int64, tag = "7")]
    pub started_ns: i64,
    /// Who runs it.
    #[prost(string, tag = "8")]
    pub identity: String,
    /// The poll that took it.
    #[prost(string, tag = "9")]
    pub request_id: String,
    /// It was begun for an update alone: it leaves no event when it turns out that there is nothing to write.
    #[prost(bool, tag = "10")]
    pub speculative: bool,
    /// The worker's queue that it was scheduled on; absent for the run's own.
    #[prost(message, optional, tag = "11")]
    pub sticky: Option<Sticky>,
    /// It waits for its time and has not been offered to workers.
    #[prost(bool, tag = "12")]
    pub backing_off: bool,
    /// When the first of an unbroken sequence of tasks was scheduled that a worker has asked for only to go on with what it
    /// does; 0 for other tasks.
    #[prost(int64, tag = "13")]
    pub heartbeats_since_ns: i64,
    /// It is told that there is another version for the run to go to.
    #[prost(bool, tag = "14")]
    pub target_version_changed: bool,
}

/// Why no workflow task has been completed since the last one that was.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkflowTaskProblems {
    /// Attempts that have failed or timed out, but for those of a worker on its own queue.
    #[prost(int32, tag = "1")]
    pub attempts: i32,
    /// Why, as of the last one that the history has. Unspecified for one that timed out.
    #[prost(enumeration = "WorkflowTaskFailedCause", tag = "2")]
    pub recorded_cause: i32,
    /// Why the last of all has failed. Unspecified for one that timed out.
    #[prost(enumeration = "WorkflowTaskFailedCause", tag = "3")]
    pub cause: i32,
    /// What its worker, or the component, has said.
    #[prost(message, optional, tag = "4")]
    pub failure: Option<Failure>,
    /// When it ended.
    #[prost(int64, tag = "5")]
    pub time_ns: i64,
    /// Who ran it.
    #[prost(string, tag = "6")]
    pub identity: String,
}

/// Where a workflow task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum WorkflowTaskState {
    /// Waits to be run.
    Scheduled = 0,
    /// Is being run.
    Started = 1,
}

impl WorkflowTask {
    /// True when its `scheduled` and `started` events are written only if it succeeds.
    pub fn is_transient(&self) -> bool {
        self.attempt > 1 || self.speculative
    }

    /// True while it is being run.
    pub fn is_started(&self) -> bool {
        self.state() == WorkflowTaskState::Started
    }
}
