//! The state of a run: all that the machine needs to decide what comes next.
//!
//! It is stored as this protobuf message, so every field is a promise: a number is never used twice, and what is added
//! must have a sensible zero. Inputs and results stay in the history and are not repeated here. A run with much open is
//! stored in [pieces](parts).

mod activity;
mod parts;
mod pending;
mod workflow_task;

use crate::{
    RunKey, Time, WorkflowKey,
    proto::{
        HistoryEvent, Memo, Priority, RetryPolicy, SearchAttributes, WorkerDeploymentVersion, WorkflowExecution,
        common::WorkerVersionStamp,
        enums::{ParentClosePolicy, WorkflowExecutionStatus},
        history::DeclinedTargetVersionUpgrade,
        workflow::{ResetPointInfo, WorkflowExecutionVersioningInfo},
    },
};

pub use activity::{Activity, ActivityState};
pub use parts::{Parts, Written};
pub use pending::Pending;
pub use workflow_task::{Sticky, WorkflowTask, WorkflowTaskProblems, WorkflowTaskState};

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
    /// The request that made it, if a reset did; the same request again finds it.
    #[prost(string, tag = "70")]
    pub reset_request_id: String,
    /// The digest of the component that runs it; empty when workers run it.
    #[prost(string, tag = "22")]
    pub component: String,
    /// The workflow task that is open, if one is.
    #[prost(message, optional, tag = "23")]
    pub workflow_task: Option<WorkflowTask>,
    /// Open activities by the event that scheduled them.
    #[prost(btree_map = "int64, message", tag = "24")]
    pub activities: Pending<i64, Activity>,
    /// Open timers by the event that started them.
    #[prost(btree_map = "int64, message", tag = "25")]
    pub timers: Pending<i64, Timer>,
    /// The requests whose signals have been taken, in runs that earlier versions have written.
    #[prost(string, repeated, tag = "26")]
    pub former_signal_request_ids: Vec<String>,
    /// Somebody asked it to cancel itself.
    #[prost(bool, tag = "27")]
    pub cancel_requested: bool,
    /// The request that asked.
    #[prost(string, tag = "28")]
    pub cancel_request_id: String,
    /// Events that wait for the end of a workflow task, in runs that earlier versions have written.
    #[prost(message, repeated, tag = "29")]
    pub former_buffered_events: Vec<HistoryEvent>,
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
    /// Open children by the event that initiated them.
    #[prost(btree_map = "int64, message", tag = "35")]
    pub children: Pending<i64, ChildWorkflow>,
    /// Signals and requests to cancel that have not reached their workflow, by the event that initiated them.
    #[prost(btree_map = "int64, message", tag = "36")]
    pub external_requests: Pending<i64, ExternalRequest>,
    /// Updates that were accepted or wait for that since a reset, by their ids; they stay when they have completed.
    #[prost(btree_map = "string, message", tag = "37")]
    pub updates: Pending<String, Update>,
    /// The workflow that started it as a child.
    #[prost(message, optional, tag = "38")]
    pub parent: Option<Parent>,
    /// The first ancestor; the run itself when it has none.
    #[prost(message, optional, tag = "39")]
    pub root: Option<WorkflowExecution>,
    /// When each next run of the chain begins; empty for a run that is not repeated.
    #[prost(string, tag = "40")]
    pub cron_schedule: String,
    /// When the history began that a reset has copied; 0 for a run that was not reset.
    #[prost(int64, tag = "41")]
    pub original_start_ns: i64,
    /// Signals that it has taken.
    #[prost(uint64, tag = "50")]
    pub signal_count: u64,
    /// Why nothing of it is handed out; absent while it runs.
    #[prost(message, optional, tag = "42")]
    pub pause: Option<Pause>,
    /// Importance of its tasks, and what its activities and children inherit.
    #[prost(message, optional, tag = "43")]
    pub priority: Option<Priority>,
    /// The run has been moved to another component since its last workflow task was completed.
    #[prost(bool, tag = "51")]
    pub component_changed: bool,
    /// The worker that has the run in its cache; absent for a component, and after a failure.
    #[prost(message, optional, tag = "52")]
    pub sticky: Option<Sticky>,
    /// The version that it is on and how that is chosen; absent for a run that no version has a part in. Its fields for
    /// older clients stay empty.
    #[prost(message, optional, tag = "60")]
    pub versioning_info: Option<WorkflowExecutionVersioningInfo>,
    /// Where the run before would have gone if it had not turned that down.
    #[prost(message, optional, tag = "61")]
    pub declined_target_version: Option<DeclinedTargetVersionUpgrade>,
    /// Where this run, which is pinned, could go, as its last workflow task has been told.
    #[prost(message, optional, tag = "62")]
    pub notified_target_version: Option<WorkerDeploymentVersion>,
    /// The signals that have been taken, by their request ids.
    #[prost(btree_map = "string, message", tag = "63")]
    pub taken_signals: Pending<String, TakenSignal>,
    /// Events that arrived while a workflow task was with a worker, in their order; they get their ids when it ends.
    #[prost(btree_map = "int64, message", tag = "64")]
    pub buffered_events: Pending<i64, HistoryEvent>,
    /// Where those of its open entries are that are not in its row.
    #[prost(message, optional, tag = "65")]
    pub parts: Option<Parts>,
    /// Why its workflow tasks do not succeed; absent while they do.
    #[prost(message, optional, tag = "110")]
    pub workflow_task_problems: Option<WorkflowTaskProblems>,
    /// The first workflow tasks of the builds that have run it, which it can be reset to. Only the last ones are kept.
    #[prost(message, repeated, tag = "120")]
    pub reset_points: Vec<ResetPointInfo>,
    /// The build that has completed the last workflow task, as workers name it that belong to no deployment.
    #[prost(message, optional, tag = "121")]
    pub worker_version: Option<WorkerVersionStamp>,
    /// Further requests to start it, which have found it and were attached to it.
    #[prost(string, repeated, tag = "122")]
    pub attached_request_ids: Vec<String>,
    /// What clients keep elsewhere and its events refer to.
    #[prost(int64, tag = "123")]
    pub external_payload_count: i64,
    /// Bytes of that, as the payloads say.
    #[prost(int64, tag = "124")]
    pub external_payload_size_bytes: i64,
}

/// A signal that has been taken.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TakenSignal {}

/// Somebody has stopped a run or an activity for a while.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Pause {
    /// Since when.
    #[prost(int64, tag = "1")]
    pub time_ns: i64,
    /// Who.
    #[prost(string, tag = "2")]
    pub identity: String,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// The request that asked for it.
    #[prost(string, tag = "4")]
    pub request_id: String,
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

/// A child that has not closed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ChildWorkflow {
    /// Its workflow id.
    #[prost(string, tag = "1")]
    pub workflow_id: String,
    /// Its type.
    #[prost(string, tag = "2")]
    pub workflow_type: String,
    /// The first run of its chain; empty until it has started.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// The event that says that it has started; 0 before, and while that event waits for its id.
    #[prost(int64, tag = "4")]
    pub started_event_id: i64,
    /// What happens to it when this run closes.
    #[prost(enumeration = "ParentClosePolicy", tag = "5")]
    pub parent_close_policy: i32,
    /// The name of its namespace, if the command that asked for it has said one.
    #[prost(string, tag = "6")]
    pub namespace: String,
}

/// Something that another workflow is told.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ExternalRequest {
    /// Whom it goes to; an empty run id stands for the run that answers for the workflow id.
    #[prost(message, optional, tag = "1")]
    pub execution: Option<WorkflowExecution>,
    /// It is a request to cancel, not a signal.
    #[prost(bool, tag = "2")]
    pub is_cancel: bool,
}

/// An update that was accepted, or that a reset has brought again.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Update {
    /// The event that accepted it; 0 until the workflow does.
    #[prost(int64, tag = "1")]
    pub accepted_event_id: i64,
    /// The event that has its outcome; 0 until it completes.
    #[prost(int64, tag = "2")]
    pub completed_event_id: i64,
    /// The event that brought it again after a reset; 0 for one that a client has sent to this run.
    #[prost(int64, tag = "3")]
    pub admitted_event_id: i64,
}

/// The workflow that a child was started by.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Parent {
    /// The id of its namespace.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The run that started the child.
    #[prost(message, optional, tag = "2")]
    pub execution: Option<WorkflowExecution>,
    /// The parent's event that initiated the child.
    #[prost(int64, tag = "3")]
    pub initiated_event_id: i64,
    /// What happens to the child when the parent closes.
    #[prost(enumeration = "ParentClosePolicy", tag = "4")]
    pub close_policy: i32,
}

impl ChildWorkflow {
    /// True once it has started.
    pub fn is_started(&self) -> bool {
        !self.run_id.is_empty()
    }
}

impl Update {
    /// True once the workflow has accepted it.
    pub fn is_accepted(&self) -> bool {
        self.accepted_event_id != 0
    }
}

impl Parent {
    /// The parent's name.
    pub fn key(&self) -> RunKey {
        let execution = self.execution.clone().unwrap_or_default();
        RunKey::new(
            WorkflowKey::new(self.namespace_id.clone(), execution.workflow_id),
            execution.run_id,
        )
    }
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

    /// Its names, its task queue, its priority and its timeouts, and nothing of what it has open.
    pub fn outline(&self) -> Run {
        Run {
            namespace_id: self.namespace_id.clone(),
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            workflow_type: self.workflow_type.clone(),
            task_queue: self.task_queue.clone(),
            priority: self.priority.clone(),
            workflow_task_timeout_ns: self.workflow_task_timeout_ns,
            ..Run::default()
        }
    }

    /// True while it has asked for something that has not reached the other workflow. It may have closed meanwhile.
    pub fn has_outgoing(&self) -> bool {
        !self.external_requests.is_empty() || self.children.values().any(|child| !child.is_started())
    }

    /// True when it has accepted the update of this id.
    pub fn has_accepted(&self, update_id: &str) -> bool {
        self.updates.get(update_id).is_some_and(Update::is_accepted)
    }

    /// True when it has the outcome of the update of this id.
    pub fn has_completed(&self, update_id: &str) -> bool {
        let update = self.updates.get(update_id);
        update.is_some_and(|update| update.completed_event_id != 0)
    }

    /// True when a reset has ended it: another run goes on in its place.
    pub fn was_reset(&self) -> bool {
        self.status() == WorkflowExecutionStatus::Terminated && !self.new_execution_run_id.is_empty()
    }

    /// True until it closes.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status(),
            WorkflowExecutionStatus::Running | WorkflowExecutionStatus::Paused
        )
    }

    /// True when its code is not here: its workflow tasks are handed to workers.
    pub fn is_run_by_workers(&self) -> bool {
        self.component.is_empty()
    }

    /// True while no worker has taken any workflow task of it: its code may still come from anywhere.
    pub fn is_untouched(&self) -> bool {
        let task = self.workflow_task.as_ref();
        self.last_completed_started_event_id == 0
            && self.workflow_task_problems.is_none()
            && task.is_none_or(|task| task.attempt == 1 && !task.is_started())
    }

    /// True while neither workflow tasks nor activities of it are handed out.
    pub fn is_paused(&self) -> bool {
        self.status() == WorkflowExecutionStatus::Paused
    }

    /// True while no attempt of this activity begins, because it or the whole run is paused.
    pub fn holds(&self, activity: &Activity) -> bool {
        self.is_paused() || activity.pause.is_some()
    }

    /// True while its next workflow task takes it to another version: until then no attempt begins.
    pub fn is_moving(&self) -> bool {
        let info = self.versioning_info.as_ref();
        info.is_some_and(|info| info.version_transition.is_some())
    }

    /// True when an attempt of this activity can be handed out.
    pub fn offers(&self, activity: &Activity) -> bool {
        let waits = !activity.is_started() && !activity.backing_off;
        waits && self.is_open() && !self.holds(activity) && !self.is_moving()
    }

    /// Events in its history.
    pub fn history_length(&self) -> i64 {
        self.next_event_id - 1
    }

    /// When it was created.
    pub fn started(&self) -> Time {
        Time::from_nanos(self.start_ns)
    }

    /// When its history began: before it was created, if it was reset.
    pub fn original_started(&self) -> Time {
        match self.original_start_ns {
            0 => self.started(),
            nanos => Time::from_nanos(nanos),
        }
    }
}
