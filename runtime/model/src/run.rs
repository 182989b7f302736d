//! The state of a run: all that the machine needs to decide what comes next.
//!
//! It is stored as this protobuf message, so every field is a promise: a number is never used twice, and what is added
//! must have a sensible zero. Inputs and results stay in the history and are not repeated here.

use std::collections::BTreeMap;

use crate::{
    RunKey, Time, WorkflowKey,
    proto::{
        Failure, HistoryEvent, Memo, Payloads, Priority, RetryPolicy, SearchAttributes, WorkflowExecution,
        enums::WorkflowExecutionStatus,
    },
};

/// One run of a workflow.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Run {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The workflow's id.
    #[prost(string, tag = "2")]
    pub workflow_id: String,
    /// The run's id, a UUID.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// The workflow's type.
    #[prost(string, tag = "4")]
    pub workflow_type: String,
    /// The task queue that serves its workflow tasks.
    #[prost(string, tag = "5")]
    pub task_queue: String,
    /// Where it stands.
    #[prost(enumeration = "WorkflowExecutionStatus", tag = "6")]
    pub status: i32,
    /// The id that the next event gets.
    #[prost(int64, tag = "7")]
    pub next_event_id: i64,
    /// Bytes of the history.
    #[prost(int64, tag = "8")]
    pub history_bytes: i64,
    /// When it was created, in nanoseconds since the epoch, like all times here.
    #[prost(int64, tag = "9")]
    pub start_ns: i64,
    /// When its first workflow task may start: later than `start_ns` after a start delay or a retry's backoff.
    #[prost(int64, tag = "10")]
    pub execution_ns: i64,
    /// When it closed; 0 while it is open.
    #[prost(int64, tag = "11")]
    pub close_ns: i64,
    /// When the run times out; 0 for never.
    #[prost(int64, tag = "12")]
    pub run_expires_ns: i64,
    /// When the chain of runs times out; 0 for never.
    #[prost(int64, tag = "13")]
    pub execution_expires_ns: i64,
    /// The longest workflow task, in nanoseconds.
    #[prost(int64, tag = "14")]
    pub workflow_task_timeout_ns: i64,
    /// 1 for the first run of a chain of retries.
    #[prost(int32, tag = "15")]
    pub attempt: i32,
    /// Absent: a failed run is not retried.
    #[prost(message, optional, tag = "16")]
    pub retry_policy: Option<RetryPolicy>,
    /// Words that clients attached.
    #[prost(message, optional, tag = "17")]
    pub memo: Option<Memo>,
    /// Values that lists can filter by.
    #[prost(message, optional, tag = "18")]
    pub search_attributes: Option<SearchAttributes>,
    /// The first run of the chain.
    #[prost(string, tag = "19")]
    pub first_execution_run_id: String,
    /// The run that the guest's randomness is seeded by; survives a reset.
    #[prost(string, tag = "20")]
    pub original_execution_run_id: String,
    /// The request that created it; the same request again finds it.
    #[prost(string, tag = "21")]
    pub start_request_id: String,
    /// The digest of the component that runs it, from its start to its end.
    #[prost(string, tag = "22")]
    pub component: String,
    /// The workflow task that is open, if one is.
    #[prost(message, optional, tag = "23")]
    pub workflow_task: Option<WorkflowTask>,
    /// Open activities by the event that scheduled them.
    #[prost(btree_map = "int64, message", tag = "24")]
    pub activities: BTreeMap<i64, Activity>,
    /// Open timers by the event that started them.
    #[prost(btree_map = "int64, message", tag = "25")]
    pub timers: BTreeMap<i64, Timer>,
    /// The requests whose signals have been taken.
    #[prost(string, repeated, tag = "26")]
    pub signal_request_ids: Vec<String>,
    /// Somebody asked it to cancel itself.
    #[prost(bool, tag = "27")]
    pub cancel_requested: bool,
    /// The request that asked.
    #[prost(string, tag = "28")]
    pub cancel_request_id: String,
    /// Events that arrived while a workflow task was with a worker; they get their ids when it ends.
    #[prost(message, repeated, tag = "29")]
    pub buffered_events: Vec<HistoryEvent>,
    /// The `started` event of the last workflow task that was completed; 0 before the first.
    #[prost(int64, tag = "30")]
    pub last_completed_started_event_id: i64,
    /// Committed transitions.
    #[prost(int64, tag = "31")]
    pub state_transition_count: i64,
    /// The run that continues this one, once it is closed.
    #[prost(string, tag = "32")]
    pub new_execution_run_id: String,
    /// The longest run, in nanoseconds; 0 for unlimited. Each run of a chain gets it anew.
    #[prost(int64, tag = "33")]
    pub run_timeout_ns: i64,
    /// The span of the whole chain, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "34")]
    pub execution_timeout_ns: i64,
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

/// An activity that has not ended.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Activity {
    /// Unique among the open activities of the run.
    #[prost(string, tag = "1")]
    pub activity_id: String,
    /// The activity's type.
    #[prost(string, tag = "2")]
    pub activity_type: String,
    /// The task queue whose workers take it.
    #[prost(string, tag = "3")]
    pub task_queue: String,
    /// Where it stands.
    #[prost(enumeration = "ActivityState", tag = "4")]
    pub state: i32,
    /// 1 for the first attempt.
    #[prost(int32, tag = "5")]
    pub attempt: i32,
    /// When the activity was scheduled.
    #[prost(int64, tag = "6")]
    pub scheduled_ns: i64,
    /// When the current attempt may start.
    #[prost(int64, tag = "7")]
    pub attempt_scheduled_ns: i64,
    /// When the current attempt started; 0 before.
    #[prost(int64, tag = "8")]
    pub started_ns: i64,
    /// The worker that holds the current attempt.
    #[prost(string, tag = "9")]
    pub identity: String,
    /// The poll that took the current attempt; the same poll again gets the same attempt.
    #[prost(string, tag = "10")]
    pub started_request_id: String,
    /// From scheduling to the end over all attempts, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "11")]
    pub schedule_to_close_ns: i64,
    /// The longest wait for a worker, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "12")]
    pub schedule_to_start_ns: i64,
    /// The longest attempt, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "13")]
    pub start_to_close_ns: i64,
    /// The longest silence, in nanoseconds; 0 when no heartbeats are expected.
    #[prost(int64, tag = "14")]
    pub heartbeat_timeout_ns: i64,
    /// Attempts and waits, with every default filled in.
    #[prost(message, optional, tag = "15")]
    pub retry_policy: Option<RetryPolicy>,
    /// How the attempt before ended.
    #[prost(message, optional, tag = "16")]
    pub last_failure: Option<Failure>,
    /// The worker that held the attempt before.
    #[prost(string, tag = "17")]
    pub last_identity: String,
    /// What the last heartbeat said; the next attempt gets it.
    #[prost(message, optional, tag = "18")]
    pub heartbeat_details: Option<Payloads>,
    /// When the last heartbeat of the current attempt came; 0 for none.
    #[prost(int64, tag = "19")]
    pub heartbeat_ns: i64,
    /// The event that asked it to stop; 0 for none.
    #[prost(int64, tag = "20")]
    pub cancel_requested_event_id: i64,
    /// The current attempt runs inside the server: it ends with the server's process.
    #[prost(bool, tag = "21")]
    pub in_process: bool,
    /// Importance among the tasks of its queue.
    #[prost(message, optional, tag = "22")]
    pub priority: Option<Priority>,
    /// The next attempt waits for its time and has not been handed out.
    #[prost(bool, tag = "23")]
    pub backing_off: bool,
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum ActivityState {
    /// Waits for a worker, or for the time of its next attempt.
    Scheduled = 0,
    /// A worker holds it.
    Started = 1,
}

/// A timer that has neither fired nor been canceled.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Timer {
    /// Unique among the open timers of the run.
    #[prost(string, tag = "1")]
    pub timer_id: String,
    /// When it fires.
    #[prost(int64, tag = "2")]
    pub fires_ns: i64,
}

impl Run {
    /// The run's name.
    pub fn key(&self) -> RunKey {
        RunKey::new(self.workflow_key(), self.run_id.clone())
    }

    /// The workflow that it belongs to.
    pub fn workflow_key(&self) -> WorkflowKey {
        WorkflowKey::new(self.namespace_id.clone(), self.workflow_id.clone())
    }

    /// Its name in Temporal's messages.
    pub fn execution(&self) -> WorkflowExecution {
        WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
        }
    }

    /// True until it closes.
    pub fn is_open(&self) -> bool {
        self.status() == WorkflowExecutionStatus::Running
    }

    /// Events in its history.
    pub fn history_length(&self) -> i64 {
        self.next_event_id - 1
    }

    /// When it was created.
    pub fn started(&self) -> Time {
        Time::from_nanos(self.start_ns)
    }
}

impl Activity {
    /// True while a worker holds it.
    pub fn is_started(&self) -> bool {
        self.state() == ActivityState::Started
    }
}

impl WorkflowTask {
    /// True while it is being run.
    pub fn is_started(&self) -> bool {
        self.state() == WorkflowTaskState::Started
    }
}
