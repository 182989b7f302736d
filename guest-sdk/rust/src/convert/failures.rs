//! Failures between the WIT and this crate.

use super::{duration, span};
use crate::{
    Failure, FailureKind,
    bindings::workflow::wrt::workflow::failures,
    failure::{ActivityFailure, ApplicationFailure, ChildWorkflowFailure, RetryState, TimeoutType},
};

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
        FailureKind::ChildWorkflow(child) => failures::FailureInfo::ChildWorkflow(failures::ChildWorkflowFailure {
            workflow_type: child.workflow_type,
            workflow_id: child.workflow_id,
            run_id: child.run_id,
            retry_state: to_retry_state(child.retry_state),
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
        failures::FailureInfo::ChildWorkflow(child) => FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
            workflow_type: child.workflow_type,
            workflow_id: child.workflow_id,
            run_id: child.run_id,
            retry_state: from_retry_state(child.retry_state),
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
    use std::time::Duration;

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
            FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
                workflow_type: "W".to_owned(),
                workflow_id: "w-1".to_owned(),
                run_id: "r".to_owned(),
                retry_state: RetryState::CancelRequested,
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
        assert_eq!(links.len(), 7);
        assert_eq!(from_links(links), chain);
    }
}
