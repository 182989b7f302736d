//! The facts about a run that never change.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use crate::{Failure, Payload, RetryPolicy};

/// The facts about a run that never change; see [`Context::info`](crate::Context::info).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WorkflowInfo {
    /// The namespace that the run lives in.
    pub namespace: String,
    /// The name that the starter chose.
    pub workflow_id: String,
    /// Names this run among the runs with the same workflow id.
    pub run_id: String,
    /// The first run of the chain that retries and continue-as-new form.
    pub first_execution_run_id: String,
    /// The workflow type.
    pub workflow_type: String,
    /// The task queue, which activities inherit.
    pub task_queue: String,
    /// 1 for the first run; retries count up.
    pub attempt: u32,
    /// When the run started.
    pub start_time: SystemTime,
    /// The longest time for the whole chain of runs.
    pub execution_timeout: Option<Duration>,
    /// The longest time for this run.
    pub run_timeout: Option<Duration>,
    /// The longest time for one activation.
    pub task_timeout: Duration,
    /// What happens when the run fails.
    pub retry_policy: Option<RetryPolicy>,
    /// The cron schedule, if the run has one.
    pub cron_schedule: Option<String>,
    /// Notes that the starter attached.
    pub memo: BTreeMap<String, Payload>,
    /// Values that the run can be found by.
    pub search_attributes: BTreeMap<String, Payload>,
    /// The failure of the run before, when this one is its retry.
    pub continued_failure: Option<Failure>,
    /// The result of the run before, in cron schedules.
    pub last_completion_result: Vec<Payload>,
}
