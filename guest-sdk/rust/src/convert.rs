//! Between the words of the WIT and this crate's.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use crate::{
    ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Memo, ParentClosePolicy, Payload, Priority,
    RelatedExecution, RetryPolicy, SearchAttributes, WorkflowIdReusePolicy, WorkflowInfo,
    bindings::workflow::{
        exports::wrt::workflow::guest,
        wrt::workflow::{activity, child_workflow, execution, log, types},
    },
    execution::Job,
    info::Progress,
    log::Level,
    update::Update,
};

mod failures;

pub(crate) use self::failures::{from_links, to_links};

// === Time ===

/// Spans beyond 136 years are cut: the contract has 32 bits of seconds.
pub(crate) fn duration(span: Duration) -> types::Duration {
    types::Duration {
        seconds: u32::try_from(span.as_secs()).unwrap_or(u32::MAX),
        nanos: span.subsec_nanos(),
    }
}

fn span(duration: types::Duration) -> Duration {
    Duration::new(duration.seconds.into(), duration.nanos)
}

pub(crate) fn time(timestamp: types::Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(timestamp.seconds.into(), timestamp.nanos)
}

// === Jobs ===

pub(crate) fn job(job: guest::Job) -> Result<Job, String> {
    Ok(match job {
        guest::Job::Start(_) => {
            return Err("activate: `start` comes once, as the first job of the first activation".to_owned());
        }
        guest::Job::TimerFired(seq) => Job::TimerFired(seq),
        guest::Job::ActivityResolved(resolved) => {
            Job::ActivityResolved(resolved.seq, resolved.output.map_err(from_links))
        }
        guest::Job::ChildWorkflowStarted(started) => {
            Job::ChildWorkflowStarted(started.seq, started.outcome.map_err(from_links))
        }
        guest::Job::ChildWorkflowResolved(resolved) => {
            Job::ChildWorkflowResolved(resolved.seq, resolved.output.map_err(from_links))
        }
        guest::Job::ExternalResolved(resolved) => {
            Job::ExternalResolved(resolved.seq, resolved.outcome.map_err(from_links))
        }
        guest::Job::Signal(signal) => Job::Signal(signal.name, signal.input),
        guest::Job::Update(update) => Job::Update(Update {
            id: update.update_id,
            name: update.name,
            input: update.input,
        }),
        guest::Job::CancelRequested(reason) => Job::CancelRequested(reason),
    })
}

pub(crate) fn progress(activation: &guest::Activation) -> Progress {
    Progress {
        history_length: activation.history_length,
        history_size: activation.history_size,
        continue_as_new_suggested: activation.continue_as_new_suggested,
    }
}

impl From<guest::WorkflowInfo> for WorkflowInfo {
    fn from(info: guest::WorkflowInfo) -> Self {
        WorkflowInfo {
            namespace: info.namespace,
            workflow_id: info.workflow_id,
            run_id: info.run_id,
            first_execution_run_id: info.first_execution_run_id,
            workflow_type: info.workflow_type,
            task_queue: info.task_queue,
            attempt: info.attempt,
            start_time: time(info.start_time),
            execution_timeout: info.execution_timeout.map(span),
            run_timeout: info.run_timeout.map(span),
            task_timeout: span(info.task_timeout),
            retry_policy: info.retry_policy.map(from_retry_policy),
            cron_schedule: info.cron_schedule,
            memo: Memo(info.memo.into_iter().collect()),
            search_attributes: SearchAttributes(info.search_attributes.into_iter().collect()),
            priority: info.priority.map(from_priority),
            parent: info.parent.map(related_execution),
            root: related_execution(info.root),
            continued_run_id: info.continued_run_id,
            continued_failure: info.continued_failure.map(from_links),
            last_completion_result: info.last_completion_result,
            progress: Progress::default(),
        }
    }
}

fn related_execution(execution: guest::RelatedExecution) -> RelatedExecution {
    RelatedExecution {
        namespace: execution.namespace,
        workflow_id: execution.workflow_id,
        run_id: execution.run_id,
    }
}

// === Options ===

pub(crate) fn activity_options(options: &ActivityOptions) -> activity::ActivityOptions {
    activity::ActivityOptions {
        activity_id: options.activity_id.clone(),
        task_queue: options.task_queue.clone(),
        schedule_to_close_timeout: options.schedule_to_close_timeout.map(duration),
        schedule_to_start_timeout: options.schedule_to_start_timeout.map(duration),
        start_to_close_timeout: options.start_to_close_timeout.map(duration),
        heartbeat_timeout: options.heartbeat_timeout.map(duration),
        retry_policy: options.retry_policy.as_ref().map(to_retry_policy),
        header: Vec::new(),
        priority: options.priority.as_ref().map(to_priority),
        summary: options.summary.clone(),
    }
}

pub(crate) fn local_activity_options(options: &ActivityOptions) -> activity::LocalActivityOptions {
    activity::LocalActivityOptions {
        activity_id: options.activity_id.clone(),
        schedule_to_close_timeout: options.schedule_to_close_timeout.map(duration),
        start_to_close_timeout: options.start_to_close_timeout.map(duration),
        retry_policy: options.retry_policy.as_ref().map(to_retry_policy),
    }
}

pub(crate) fn child_workflow_options(options: &ChildWorkflowOptions) -> child_workflow::ChildWorkflowOptions {
    child_workflow::ChildWorkflowOptions {
        workflow_id: options.workflow_id.clone(),
        task_queue: options.task_queue.clone(),
        execution_timeout: options.execution_timeout.map(duration),
        run_timeout: options.run_timeout.map(duration),
        task_timeout: options.task_timeout.map(duration),
        parent_close_policy: match options.parent_close_policy.unwrap_or_default() {
            ParentClosePolicy::Terminate => child_workflow::ParentClosePolicy::Terminate,
            ParentClosePolicy::Abandon => child_workflow::ParentClosePolicy::Abandon,
            ParentClosePolicy::RequestCancel => child_workflow::ParentClosePolicy::RequestCancel,
        },
        id_reuse_policy: match options.id_reuse_policy.unwrap_or_default() {
            WorkflowIdReusePolicy::AllowDuplicate => child_workflow::IdReusePolicy::AllowDuplicate,
            WorkflowIdReusePolicy::AllowDuplicateFailedOnly => child_workflow::IdReusePolicy::AllowDuplicateFailedOnly,
            WorkflowIdReusePolicy::RejectDuplicate => child_workflow::IdReusePolicy::RejectDuplicate,
        },
        retry_policy: options.retry_policy.as_ref().map(to_retry_policy),
        cron_schedule: options.cron_schedule.clone(),
        header: Vec::new(),
        memo: options.memo.as_ref().map(|memo| fields(&memo.0)).unwrap_or_default(),
        search_attributes: options
            .search_attributes
            .as_ref()
            .map(|attributes| fields(&attributes.0))
            .unwrap_or_default(),
        priority: options.priority.as_ref().map(to_priority),
        summary: options.summary.clone(),
    }
}

pub(crate) fn continue_as_new_options(options: &ContinueAsNewOptions) -> execution::ContinueAsNewOptions {
    execution::ContinueAsNewOptions {
        workflow_type: options.workflow_type.clone(),
        task_queue: options.task_queue.clone(),
        run_timeout: options.run_timeout.map(duration),
        task_timeout: options.task_timeout.map(duration),
        retry_policy: options.retry_policy.as_ref().map(to_retry_policy),
        header: Vec::new(),
        memo: options.memo.as_ref().map(|memo| fields(&memo.0)),
        search_attributes: options
            .search_attributes
            .as_ref()
            .map(|attributes| fields(&attributes.0)),
    }
}

/// Named payloads, sorted by name.
pub(crate) fn fields(fields: &BTreeMap<String, Payload>) -> Vec<(String, Payload)> {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn to_priority(priority: &Priority) -> types::Priority {
    types::Priority {
        priority_key: priority.priority_key,
        fairness_key: priority.fairness_key.clone(),
        fairness_weight: priority.fairness_weight,
    }
}

fn from_priority(priority: types::Priority) -> Priority {
    Priority {
        priority_key: priority.priority_key,
        fairness_key: priority.fairness_key,
        fairness_weight: priority.fairness_weight,
    }
}

fn to_retry_policy(policy: &RetryPolicy) -> types::RetryPolicy {
    types::RetryPolicy {
        initial_interval: policy.initial_interval.map(duration),
        backoff_coefficient: policy.backoff_coefficient,
        maximum_interval: policy.maximum_interval.map(duration),
        maximum_attempts: policy.maximum_attempts,
        non_retryable_error_types: policy.non_retryable_error_types.clone(),
    }
}

fn from_retry_policy(policy: types::RetryPolicy) -> RetryPolicy {
    RetryPolicy {
        initial_interval: policy.initial_interval.map(span),
        backoff_coefficient: policy.backoff_coefficient,
        maximum_interval: policy.maximum_interval.map(span),
        maximum_attempts: policy.maximum_attempts,
        non_retryable_error_types: policy.non_retryable_error_types,
    }
}

pub(crate) fn level(level: Level) -> log::Level {
    match level {
        Level::Trace => log::Level::Trace,
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_beyond_the_contract_are_cut() {
        assert_eq!(duration(Duration::MAX).seconds, u32::MAX);
        assert_eq!(span(duration(Duration::from_millis(2001))), Duration::from_millis(2001));
    }
}
