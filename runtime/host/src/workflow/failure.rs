//! Chains of failures: nested messages on the wire, a list of links in the contract, outermost first.

use wrt_model::proto::{
    ActivityType, Failure, FailureInfo, WorkflowExecution, WorkflowType,
    enums::{RetryState, TimeoutType},
    failure::{
        ActivityFailureInfo, ApplicationFailureInfo, CanceledFailureInfo, ChildWorkflowExecutionFailureInfo,
        ServerFailureInfo, TerminatedFailureInfo, TimeoutFailureInfo,
    },
};

use super::convert::{duration_from_wit, payloads_from_wit, payloads_to_wit, set_duration_to_wit};
use crate::bindings::workflow::imports::failures as wit;

// === Into the guest ===

/// The chain as a list. It has at least one link.
pub(crate) fn to_wit(failure: &Failure) -> wit::Failure {
    std::iter::successors(Some(failure), |link| link.cause.as_deref())
        .map(|link| wit::FailureLink {
            message: link.message.clone(),
            source: link.source.clone(),
            stack_trace: link.stack_trace.clone(),
            info: info_to_wit(link.failure_info.as_ref()),
        })
        .collect()
}

fn info_to_wit(info: Option<&FailureInfo>) -> wit::FailureInfo {
    use FailureInfo as F;
    match info {
        Some(F::ApplicationFailureInfo(info)) => wit::FailureInfo::Application(wit::ApplicationFailure {
            failure_type: info.r#type.clone(),
            non_retryable: info.non_retryable,
            details: payloads_to_wit(info.details.as_ref()),
            next_retry_delay: set_duration_to_wit(info.next_retry_delay.as_ref()),
        }),
        Some(F::TimeoutFailureInfo(info)) => wit::FailureInfo::Timeout(wit::TimeoutFailure {
            timeout_type: timeout_type_to_wit(info.timeout_type()),
            last_heartbeat_details: payloads_to_wit(info.last_heartbeat_details.as_ref()),
        }),
        Some(F::CanceledFailureInfo(info)) => wit::FailureInfo::Canceled(payloads_to_wit(info.details.as_ref())),
        Some(F::TerminatedFailureInfo(_)) => wit::FailureInfo::Terminated,
        Some(F::ServerFailureInfo(info)) => wit::FailureInfo::Server(info.non_retryable),
        Some(F::ActivityFailureInfo(info)) => wit::FailureInfo::Activity(wit::ActivityFailure {
            activity_type: info
                .activity_type
                .as_ref()
                .map(|activity_type| activity_type.name.clone())
                .unwrap_or_default(),
            activity_id: info.activity_id.clone(),
            identity: info.identity.clone(),
            retry_state: retry_state_to_wit(info.retry_state()),
        }),
        Some(F::ResetWorkflowFailureInfo(_)) => named("ResetWorkflow"),
        Some(F::ChildWorkflowExecutionFailureInfo(info)) => {
            let execution = info.workflow_execution.clone().unwrap_or_default();
            wit::FailureInfo::ChildWorkflow(wit::ChildWorkflowFailure {
                workflow_type: info
                    .workflow_type
                    .as_ref()
                    .map(|kind| kind.name.clone())
                    .unwrap_or_default(),
                workflow_id: execution.workflow_id,
                run_id: execution.run_id,
                retry_state: retry_state_to_wit(info.retry_state()),
            })
        }
        Some(F::NexusOperationExecutionFailureInfo(_)) => named("NexusOperation"),
        Some(F::NexusHandlerFailureInfo(_)) => named("NexusHandler"),
        None => named(""),
    }
}

/// A kind that this version of the contract has no word for: its name, as a type that handlers can look for.
fn named(failure_type: &str) -> wit::FailureInfo {
    wit::FailureInfo::Application(wit::ApplicationFailure {
        failure_type: failure_type.to_owned(),
        non_retryable: false,
        details: Vec::new(),
        next_retry_delay: None,
    })
}

fn timeout_type_to_wit(timeout_type: TimeoutType) -> wit::TimeoutType {
    match timeout_type {
        TimeoutType::Unspecified | TimeoutType::StartToClose => wit::TimeoutType::StartToClose,
        TimeoutType::ScheduleToStart => wit::TimeoutType::ScheduleToStart,
        TimeoutType::ScheduleToClose => wit::TimeoutType::ScheduleToClose,
        TimeoutType::Heartbeat => wit::TimeoutType::Heartbeat,
    }
}

fn retry_state_to_wit(state: RetryState) -> wit::RetryState {
    match state {
        RetryState::Unspecified => wit::RetryState::Unspecified,
        RetryState::InProgress => wit::RetryState::InProgress,
        RetryState::NonRetryableFailure => wit::RetryState::NonRetryableFailure,
        RetryState::Timeout => wit::RetryState::Timeout,
        RetryState::MaximumAttemptsReached => wit::RetryState::MaximumAttemptsReached,
        RetryState::RetryPolicyNotSet => wit::RetryState::RetryPolicyNotSet,
        RetryState::InternalServerError => wit::RetryState::InternalServerError,
        RetryState::CancelRequested => wit::RetryState::CancelRequested,
    }
}

// === Out of the guest ===

/// The list as a chain; `None` for a list without links, which the contract forbids.
pub(crate) fn from_wit(failure: wit::Failure) -> Option<Failure> {
    failure.into_iter().rev().fold(None, |cause, link| {
        Some(Failure {
            message: link.message,
            source: link.source,
            stack_trace: link.stack_trace,
            cause: cause.map(Box::new),
            failure_info: Some(info_from_wit(link.info)),
            ..Default::default()
        })
    })
}

fn info_from_wit(info: wit::FailureInfo) -> FailureInfo {
    match info {
        wit::FailureInfo::Application(info) => FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            r#type: info.failure_type,
            non_retryable: info.non_retryable,
            details: payloads_from_wit(info.details),
            next_retry_delay: info.next_retry_delay.map(duration_from_wit),
            ..Default::default()
        }),
        wit::FailureInfo::Timeout(info) => FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
            timeout_type: timeout_type_from_wit(info.timeout_type).into(),
            last_heartbeat_details: payloads_from_wit(info.last_heartbeat_details),
        }),
        wit::FailureInfo::Canceled(details) => FailureInfo::CanceledFailureInfo(CanceledFailureInfo {
            details: payloads_from_wit(details),
            ..Default::default()
        }),
        wit::FailureInfo::Terminated => FailureInfo::TerminatedFailureInfo(TerminatedFailureInfo::default()),
        wit::FailureInfo::Server(non_retryable) => FailureInfo::ServerFailureInfo(ServerFailureInfo { non_retryable }),
        wit::FailureInfo::Activity(info) => FailureInfo::ActivityFailureInfo(ActivityFailureInfo {
            identity: info.identity,
            activity_type: Some(ActivityType {
                name: info.activity_type,
            }),
            activity_id: info.activity_id,
            retry_state: retry_state_from_wit(info.retry_state).into(),
            ..Default::default()
        }),
        wit::FailureInfo::ChildWorkflow(info) => {
            FailureInfo::ChildWorkflowExecutionFailureInfo(ChildWorkflowExecutionFailureInfo {
                workflow_execution: Some(WorkflowExecution {
                    workflow_id: info.workflow_id,
                    run_id: info.run_id,
                }),
                workflow_type: Some(WorkflowType {
                    name: info.workflow_type,
                }),
                retry_state: retry_state_from_wit(info.retry_state).into(),
                ..Default::default()
            })
        }
    }
}

fn timeout_type_from_wit(timeout_type: wit::TimeoutType) -> TimeoutType {
    match timeout_type {
        wit::TimeoutType::StartToClose => TimeoutType::StartToClose,
        wit::TimeoutType::ScheduleToStart => TimeoutType::ScheduleToStart,
        wit::TimeoutType::ScheduleToClose => TimeoutType::ScheduleToClose,
        wit::TimeoutType::Heartbeat => TimeoutType::Heartbeat,
    }
}

fn retry_state_from_wit(state: wit::RetryState) -> RetryState {
    match state {
        wit::RetryState::Unspecified => RetryState::Unspecified,
        wit::RetryState::InProgress => RetryState::InProgress,
        wit::RetryState::NonRetryableFailure => RetryState::NonRetryableFailure,
        wit::RetryState::Timeout => RetryState::Timeout,
        wit::RetryState::MaximumAttemptsReached => RetryState::MaximumAttemptsReached,
        wit::RetryState::RetryPolicyNotSet => RetryState::RetryPolicyNotSet,
        wit::RetryState::InternalServerError => RetryState::InternalServerError,
        wit::RetryState::CancelRequested => RetryState::CancelRequested,
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::{failure, payload};

    use super::*;

    #[track_caller]
    fn round_trips(failure: &Failure) {
        assert_eq!(from_wit(to_wit(failure)).as_ref(), Some(failure));
    }

    #[test]
    fn every_kind_of_the_contract_comes_back_as_it_went() {
        let details = payload::payloads(vec![payload::json("1")]);
        round_trips(&failure::application("no funds", "Payment", true));
        round_trips(&failure::timeout(TimeoutType::Heartbeat, details.clone()));
        round_trips(&failure::canceled(details));
        round_trips(&failure::terminated("enough"));
        round_trips(&failure::server("oops", true));
        round_trips(&failure::activity(
            ActivityFailureInfo {
                activity_id: "1".to_owned(),
                activity_type: Some(ActivityType {
                    name: "Charge".to_owned(),
                }),
                identity: "worker".to_owned(),
                ..Default::default()
            },
            RetryState::MaximumAttemptsReached,
            failure::application("no funds", "Payment", false),
        ));
        round_trips(&failure::child_workflow(
            ChildWorkflowExecutionFailureInfo {
                workflow_execution: Some(WorkflowExecution {
                    workflow_id: "shipping-7".to_owned(),
                    run_id: "run".to_owned(),
                }),
                workflow_type: Some(WorkflowType {
                    name: "Ship".to_owned(),
                }),
                ..Default::default()
            },
            RetryState::RetryPolicyNotSet,
            failure::terminated("enough"),
        ));
    }

    #[test]
    fn a_failure_without_links_is_none() {
        assert_eq!(from_wit(Vec::new()), None);
    }
}
