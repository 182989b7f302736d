//! Schedules: what is to be started when, and what has become of it so far.
//!
//! A schedule is stored as this protobuf message, so every field is a promise, as those of [`Run`](crate::Run) are.

use std::fmt;

use crate::{
    Time,
    proto::{
        Failure, Memo, Payloads, SearchAttributes, WorkflowExecution,
        enums::ScheduleOverlapPolicy,
        schedule::schedule_action::Action,
        schedule::{BackfillRequest, ScheduleAction, ScheduleInfo, SchedulePolicies, ScheduleSpec, ScheduleState},
        workflow::NewWorkflowExecutionInfo,
    },
};

/// One schedule: the unit that is decided and stored together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleKey {
    /// The id of the namespace, not its name: names can change.
    pub namespace_id: String,
    /// The caller's id of the schedule.
    pub schedule_id: String,
}

impl ScheduleKey {
    /// A key from its two parts.
    pub fn new(namespace_id: impl Into<String>, schedule_id: impl Into<String>) -> Self {
        ScheduleKey {
            namespace_id: namespace_id.into(),
            schedule_id: schedule_id.into(),
        }
    }
}

impl fmt::Display for ScheduleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace_id, self.schedule_id)
    }
}

/// A schedule with its state.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Schedule {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The schedule's id.
    #[prost(string, tag = "2")]
    pub schedule_id: String,
    /// When it acts, in canonical form: texts are compiled into structured calendars and intervals.
    #[prost(message, required, tag = "3")]
    pub spec: ScheduleSpec,
    /// What it does.
    #[prost(message, optional, tag = "4")]
    pub action: Option<ScheduleAction>,
    /// How it does it; the defaults are filled in.
    #[prost(message, required, tag = "5")]
    pub policies: SchedulePolicies,
    /// Whether it may act.
    #[prost(message, required, tag = "6")]
    pub state: ScheduleState,
    /// What it has done. What follows from the rest, such as the future action times, is left empty.
    #[prost(message, required, tag = "7")]
    pub info: ScheduleInfo,
    /// Words that clients attached.
    #[prost(message, optional, tag = "8")]
    pub memo: Option<Memo>,
    /// Values that lists can filter by.
    #[prost(message, optional, tag = "9")]
    pub search_attributes: Option<SearchAttributes>,
    /// When it was created, in nanoseconds since the epoch, like all times here.
    #[prost(int64, tag = "10")]
    pub created_ns: i64,
    /// When it was last updated; 0 for never. Times of the spec before this are not acted upon.
    #[prost(int64, tag = "11")]
    pub updated_ns: i64,
    /// The request that created it; the same request again finds it.
    #[prost(string, tag = "12")]
    pub create_request_id: String,
    /// The last requests that changed it; the same request again changes nothing.
    #[prost(string, repeated, tag = "13")]
    pub request_ids: Vec<String>,
    /// Counts the changes that an update must not overwrite unseen, from 1.
    #[prost(int64, tag = "14")]
    pub conflict_token: i64,
    /// Nominal times up to here have been dealt with.
    #[prost(int64, tag = "15")]
    pub processed_ns: i64,
    /// The number that the next start gets.
    #[prost(int64, tag = "16")]
    pub next_start_number: i64,
    /// Starts that wait for their turn.
    #[prost(message, repeated, tag = "17")]
    pub buffered: Vec<ScheduledStart>,
    /// Starts that are decided and not known to have happened.
    #[prost(message, repeated, tag = "18")]
    pub starting: Vec<ScheduledStart>,
    /// Open workflows that others may run beside. The others are in `info`.
    #[prost(message, repeated, tag = "19")]
    pub overlapping: Vec<WorkflowExecution>,
    /// Spans of the past that are still to be acted upon.
    #[prost(message, repeated, tag = "20")]
    pub backfills: Vec<BackfillRequest>,
    /// When the next starts of backfills may be made.
    #[prost(int64, tag = "21")]
    pub backfill_ns: i64,
    /// The result of the last workflow that completed.
    #[prost(message, optional, tag = "22")]
    pub last_completion_result: Option<Payloads>,
    /// The failure of the workflow before the next one.
    #[prost(message, optional, tag = "23")]
    pub continued_failure: Option<Failure>,
    /// The second of the epoch in which it was last triggered.
    #[prost(int64, tag = "24")]
    pub triggered_second: i64,
    /// How many starts that second has had before the last trigger.
    #[prost(uint32, tag = "25")]
    pub triggers_in_second: u32,
}

impl Schedule {
    /// Its name.
    pub fn key(&self) -> ScheduleKey {
        ScheduleKey::new(self.namespace_id.clone(), self.schedule_id.clone())
    }

    /// The workflow that it starts; `None` for a schedule that does nothing.
    pub fn workflow(&self) -> Option<&NewWorkflowExecutionInfo> {
        let Action::StartWorkflow(workflow) = self.action.as_ref()?.action.as_ref()?;
        Some(workflow)
    }

    /// When it was created.
    pub fn created(&self) -> Time {
        Time::from_nanos(self.created_ns)
    }

    /// Open workflows that it has started.
    pub fn running(&self) -> impl Iterator<Item = &WorkflowExecution> {
        self.info.running_workflows.iter().chain(&self.overlapping)
    }
}

/// A start that is due.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScheduledStart {
    /// Unique in the schedule.
    #[prost(int64, tag = "1")]
    pub number: i64,
    /// The time of the spec, without jitter. It becomes part of the workflow's id.
    #[prost(int64, tag = "2")]
    pub nominal_ns: i64,
    /// The same with jitter.
    #[prost(int64, tag = "3")]
    pub actual_ns: i64,
    /// What to do when another one runs; unspecified for the schedule's policy at that time.
    #[prost(enumeration = "ScheduleOverlapPolicy", tag = "4")]
    pub overlap_policy: i32,
    /// Somebody asked for it: neither a pause nor the limit of actions holds it back.
    #[prost(bool, tag = "5")]
    pub manual: bool,
    /// Others may run beside it. Known once it is being started.
    #[prost(bool, tag = "6")]
    pub overlapping: bool,
    /// Attempts to start it that went wrong.
    #[prost(int32, tag = "7")]
    pub failed_attempts: i32,
    /// When the next attempt begins, after one that went wrong.
    #[prost(int64, tag = "8")]
    pub retry_ns: i64,
    /// When there are to be no more attempts.
    #[prost(int64, tag = "9")]
    pub deadline_ns: i64,
    /// How many starts have the same second before it, which is part of the workflow's id.
    #[prost(uint32, tag = "10")]
    pub number_in_second: u32,
}
