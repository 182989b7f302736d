//! Workflow tasks that fail again and again: why, and the search attribute that such runs are found by.
//!
//! ```text
//! fine    --a task fails or times out--> trouble, 1 attempt
//! trouble --a task fails or times out--> trouble, one attempt more; from the fifth on the run is found by it
//! trouble --a task completes-----------> fine
//! ```

use wrt_model::{
    Run, SearchAttributeValue,
    proto::{Failure, enums::WorkflowTaskFailedCause},
    run::WorkflowTask,
};

use crate::Turn;

/// The search attribute that says why workflow tasks of a run fail.
pub(crate) const REPORTED_PROBLEMS: &str = "TemporalReportedProblems";

/// Attempts that fail in a row before it is set, as Temporal's server has it by default.
const REPORTED_ATTEMPTS: i32 = 5;

/// Bytes that are kept of a message and of a stack trace. The history has the whole of the first ones.
const TEXT_BYTES: usize = 4096;

/// What people call a cause, and what they call all of them.
const CAUSE_PREFIX: &str = "WORKFLOW_TASK_FAILED_CAUSE_";

impl Turn<'_> {
    /// Takes down why an attempt of a workflow task has not succeeded; the cause is unspecified when it has timed out.
    pub(super) fn workflow_task_ended_badly(
        &mut self,
        task: &WorkflowTask,
        cause: WorkflowTaskFailedCause,
        failure: Option<&Failure>,
        identity: &str,
    ) {
        let now_ns = self.now.nanos();
        let is_sticky = self.run.sticky.is_some();
        let problems = self.run.workflow_task_problems.get_or_insert_default();
        // A worker that had the run in its cache may only have to read it anew.
        problems.attempts += i32::from(!is_sticky);
        if task.attempt == 1 {
            problems.recorded_cause = cause as i32;
        }
        problems.cause = cause as i32;
        problems.failure = failure.map(in_short);
        problems.time_ns = now_ns;
        identity.clone_into(&mut problems.identity);
        self.report_problems();
    }

    /// The workflow's code gets on.
    pub(super) fn workflow_task_ended_well(&mut self) {
        if self.run.workflow_task_problems.take().is_some() {
            self.report_problems();
        }
    }

    fn report_problems(&mut self) {
        let problems = reported_problems(self.run).map(SearchAttributeValue::KeywordList);
        self.set_own_attribute(REPORTED_PROBLEMS, problems);
    }
}

/// What the run is found by; `None` while there is no trouble, or too little.
fn reported_problems(run: &Run) -> Option<Vec<String>> {
    let problems = run.workflow_task_problems.as_ref();
    let problems = problems.filter(|problems| problems.attempts >= REPORTED_ATTEMPTS)?;
    Some(match problems.recorded_cause() {
        WorkflowTaskFailedCause::Unspecified => vec![
            "category=WorkflowTaskTimedOut".to_owned(),
            "cause=WorkflowTaskTimedOutCauseStartToClose".to_owned(),
        ],
        cause => vec![
            "category=WorkflowTaskFailed".to_owned(),
            format!("cause=WorkflowTaskFailedCause{}", workflow_task_cause(cause)),
        ],
    })
}

/// A cause as people read it: `NonDeterministicError`. An attempt without one has timed out.
pub fn workflow_task_cause(cause: WorkflowTaskFailedCause) -> String {
    let name = match cause {
        WorkflowTaskFailedCause::Unspecified => "TIMED_OUT",
        cause => cause.as_str_name(),
    };
    let words = name.strip_prefix(CAUSE_PREFIX).unwrap_or(name).split('_');
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{first}{}", rest.to_lowercase())
        })
        .collect()
}

/// A failure without what only machines read, cut to what a row can hold at each attempt.
fn in_short(failure: &Failure) -> Failure {
    Failure {
        message: cut(&failure.message),
        source: failure.source.clone(),
        stack_trace: cut(&failure.stack_trace),
        ..Default::default()
    }
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(TEXT_BYTES)])
}
