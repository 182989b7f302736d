//! Between the words of the WIT and this crate's.

use std::time::{Duration, SystemTime};

use crate::{
    ActivityOptions, Failure, FailureKind, RetryPolicy, WorkflowInfo,
    bindings::workflow::{
        exports::wrt::workflow::guest,
        wrt::workflow::{activity, failures, log, types},
    },
    execution::Job,
    failure::{ActivityFailure, ApplicationFailure, RetryState, TimeoutType},
    log::Level,
};

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
        guest::Job::Signal(signal) => Job::Signal(signal.name, signal.input),
        guest::Job::CancelRequested(reason) => Job::CancelRequested(reason),
    })
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
            memo: info.memo.into_iter().collect(),
            search_attributes: info.search_attributes.into_iter().collect(),
            continued_failure: info.continued_failure.map(from_links),
            last_completion_result: info.last_completion_result,
        }
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
        priority: None,
        summary: options.summary.clone(),
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

// === Failures ===

/// A chain as the contract has it, outermost first.
pub(crate) fn to_links(failure: Failure) -> Vec<failures::FailureLink> {
    std::iter::successors(Some(failure), |link| link.cause.as_deref().cloned())
        .map(|link| failures::FailureLink {
            message: link.message,
            source: link.source,
            stack_trace: link.stack_trace,
            info: to_info(link.kind),
        })
        .collect()
}

/// The contract promises a link; a chain without one becomes a failure that says so.
pub(crate) fn from_links(links: Vec<failures::FailureLink>) -> Failure {
    links
        .into_iter()
        .rev()
        .fold(None, |cause, link| {
            Some(Failure {
                message: link.message,
                source: link.source,
                stack_trace: link.stack_trace,
                kind: from_info(link.info),
                cause: cause.map(Box::new),
            })
        })
        .unwrap_or_else(|| Failure::new("a failure without a link", FailureKind::Server(true)))
}

fn to_info(kind: FailureKind) -> failures::FailureInfo {
    match kind {
        FailureKind::Application(application) => failures::FailureInfo::Application(failures::ApplicationFailure {
            failure_type: application.failure_type,
            non_retryable: application.non_retryable,
            details: application.details,
            next_retry_delay: application.next_retry_delay.map(duration),
        }),
        FailureKind::Timeout(timeout_type, details) => failures::FailureInfo::Timeout(failures::TimeoutFailure {
            timeout_type: to_timeout_type(timeout_type),
            last_heartbeat_details: details,
        }),
        FailureKind::Canceled(details) => failures::FailureInfo::Canceled(details),
        FailureKind::Terminated => failures::FailureInfo::Terminated,
        FailureKind::Server(non_retryable) => failures::FailureInfo::Server(non_retryable),
        FailureKind::Activity(activity) => failures::FailureInfo::Activity(failures::ActivityFailure {
            activity_type: activity.activity_type,
            activity_id: activity.activity_id,
            identity: activity.identity,
            retry_state: to_retry_state(activity.retry_state),
        }),
    }
}

fn from_info(info: failures::FailureInfo) -> FailureKind {
    match info {
        failures::FailureInfo::Application(application) => FailureKind::Application(Box::new(ApplicationFailure {
            failure_type: application.failure_type,
            non_retryable: application.non_retryable,
            details: application.details,
            next_retry_delay: application.next_retry_delay.map(span),
        })),
        failures::FailureInfo::Timeout(timeout) => {
            FailureKind::Timeout(from_timeout_type(timeout.timeout_type), timeout.last_heartbeat_details)
        }
        failures::FailureInfo::Canceled(details) => FailureKind::Canceled(details),
        failures::FailureInfo::Terminated => FailureKind::Terminated,
        failures::FailureInfo::Server(non_retryable) => FailureKind::Server(non_retryable),
        failures::FailureInfo::Activity(activity) => FailureKind::Activity(Box::new(ActivityFailure {
            activity_type: activity.activity_type,
            activity_id: activity.activity_id,
            identity: activity.identity,
            retry_state: from_retry_state(activity.retry_state),
        })),
    }
}

/// Writes the two directions of an enum that both sides spell alike.
macro_rules! same_names {
    ($to:ident $from:ident $ours:ty, $theirs:ty: $($name:ident)*) => {
        fn $to(ours: $ours) -> $theirs {
            match ours { $(<$ours>::$name => <$theirs>::$name,)* }
        }

        fn $from(theirs: $theirs) -> $ours {
            match theirs { $(<$theirs>::$name => <$ours>::$name,)* }
        }
    };
}

same_names!(to_timeout_type from_timeout_type TimeoutType, failures::TimeoutType:
    StartToClose ScheduleToStart ScheduleToClose Heartbeat);
same_names!(to_retry_state from_retry_state RetryState, failures::RetryState:
    Unspecified InProgress NonRetryableFailure Timeout MaximumAttemptsReached RetryPolicyNotSet InternalServerError
    CancelRequested);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_survives_the_contract() {
        let chain = [
            FailureKind::Application(Box::new(ApplicationFailure {
                failure_type: "T".to_owned(),
                non_retryable: true,
                details: vec![crate::Payload::null()],
                next_retry_delay: Some(Duration::from_millis(1500)),
            })),
            FailureKind::Timeout(TimeoutType::Heartbeat, vec![crate::Payload::null()]),
            FailureKind::Canceled(Vec::new()),
            FailureKind::Terminated,
            FailureKind::Server(true),
            FailureKind::Activity(Box::new(ActivityFailure {
                activity_type: "A".to_owned(),
                activity_id: "1".to_owned(),
                identity: "w".to_owned(),
                retry_state: RetryState::Timeout,
            })),
        ]
        .into_iter()
        .fold(None, |cause, kind| {
            Some(Failure {
                cause: cause.map(Box::new),
                ..Failure::new("m", kind)
            })
        })
        .unwrap();
        let links = to_links(chain.clone());
        assert_eq!(links.len(), 6);
        assert_eq!(from_links(links), chain);
    }

    #[test]
    fn spans_beyond_the_contract_are_cut() {
        assert_eq!(duration(Duration::MAX).seconds, u32::MAX);
        assert_eq!(span(duration(Duration::from_millis(2001))), Duration::from_millis(2001));
    }
}
