//! The facts about a run.

use std::time::{Duration, SystemTime};

use crate::{Failure, Memo, Payload, Priority, RetryPolicy, SearchAttributes};

/// The facts about a run, as they are in the current activation; see [`Context::info`](crate::Context::info).
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
    /// Notes that the starter attached, and those that were upserted since.
    pub memo: Memo,
    /// Values that the run can be found by, and those that were upserted since.
    pub search_attributes: SearchAttributes,
    /// Who goes first among the tasks of the queue.
    pub priority: Option<Priority>,
    /// The workflow that started this one as its child.
    pub parent: Option<RelatedExecution>,
    /// The first ancestor; the run itself when it has none.
    pub root: RelatedExecution,
    /// The run before, when this one continues it.
    pub continued_run_id: Option<String>,
    /// The failure of the run before, when this one is its retry.
    pub continued_failure: Option<Failure>,
    /// The result of the run before, in cron schedules.
    pub last_completion_result: Vec<Payload>,
    pub(crate) progress: Progress,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) history_length: u32,
    pub(crate) history_size: u32,
    pub(crate) continue_as_new_suggested: bool,
}

/// A run of another workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedExecution {
    /// The namespace that it lives in.
    pub namespace: String,
    /// Its workflow id.
    pub workflow_id: String,
    /// Its run.
    pub run_id: String,
}

impl WorkflowInfo {
    /// Events in the history when the current activation began.
    pub fn history_length(&self) -> u32 {
        self.progress.history_length
    }

    /// Bytes of the history when the current activation began.
    pub fn history_size(&self) -> u32 {
        self.progress.history_size
    }

    /// True when the history has grown so long that it is time to
    /// [continue as new](crate::Context::continue_as_new).
    pub fn continue_as_new_suggested(&self) -> bool {
        self.progress.continue_as_new_suggested
    }
}
