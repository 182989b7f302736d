//! Failures that the runtime itself raises.

use crate::proto::{
    Failure, FailureInfo, Payloads,
    enums::{RetryState, TimeoutType},
    failure::{
        ActivityFailureInfo, ApplicationFailureInfo, CanceledFailureInfo, ChildWorkflowExecutionFailureInfo,
        ResetWorkflowFailureInfo, ServerFailureInfo, TerminatedFailureInfo, TimeoutFailureInfo,
    },
};

/// `Failure.source` of what the runtime raises.
pub const SOURCE: &str = "Server";

/// A failure of user code, raised on its behalf.
pub fn application(message: impl Into<String>, failure_type: impl Into<String>, non_retryable: bool) -> Failure {
    server_side(
        message,
        FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            r#type: failure_type.into(),
            non_retryable,
            ..Default::default()
        }),
    )
}

/// A timeout, with the details of the last heartbeat.
pub fn timeout(timeout_type: TimeoutType, last_heartbeat_details: Option<Payloads>) -> Failure {
    let word = match timeout_type {
        TimeoutType::Unspecified => "",
        TimeoutType::StartToClose => "StartToClose",
        TimeoutType::ScheduleToStart => "ScheduleToStart",
        TimeoutType::ScheduleToClose => "ScheduleToClose",
        TimeoutType::Heartbeat => "Heartbeat",
    };
    server_side(
        format!("activity {word} timeout"),
        FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
            timeout_type: timeout_type as i32,
            last_heartbeat_details,
        }),
    )
}

/// The timeout of an activity that could be retried if its schedule-to-close timeout left time for it.
pub fn no_time_left(last_heartbeat_details: Option<Payloads>) -> Failure {
    Failure {
        message: "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying"
            .to_owned(),
        ..timeout(TimeoutType::ScheduleToClose, last_heartbeat_details)
    }
}

/// The timeout of a run, as the run that follows it is told.
pub fn workflow_timeout() -> Failure {
    Failure {
        message: "workflow timeout".to_owned(),
        ..timeout(TimeoutType::StartToClose, None)
    }
}

/// A cancellation, with the details of the canceled side.
pub fn canceled(details: Option<Payloads>) -> Failure {
    server_side(
        "canceled",
        FailureInfo::CanceledFailureInfo(CanceledFailureInfo {
            details,
            ..Default::default()
        }),
    )
}

/// A termination.
pub fn terminated(message: impl Into<String>) -> Failure {
    server_side(
        message,
        FailureInfo::TerminatedFailureInfo(TerminatedFailureInfo::default()),
    )
}

/// The failure of the workflow task at which a run was reset.
pub fn reset(reason: impl Into<String>) -> Failure {
    server_side(
        reason,
        FailureInfo::ResetWorkflowFailureInfo(ResetWorkflowFailureInfo::default()),
    )
}

/// A failure of the runtime.
pub fn server(message: impl Into<String>, non_retryable: bool) -> Failure {
    server_side(
        message,
        FailureInfo::ServerFailureInfo(ServerFailureInfo { non_retryable }),
    )
}

/// What a workflow sees of an activity that did not complete: the reason as the cause of an activity failure.
pub fn activity(info: ActivityFailureInfo, retry_state: RetryState, cause: Failure) -> Failure {
    Failure {
        cause: Some(Box::new(cause)),
        ..server_side(
            "activity error",
            FailureInfo::ActivityFailureInfo(ActivityFailureInfo {
                retry_state: retry_state as i32,
                ..info
            }),
        )
    }
}

/// What a workflow sees of a child that did not complete: the reason as the cause of a child workflow failure.
pub fn child_workflow(info: ChildWorkflowExecutionFailureInfo, retry_state: RetryState, cause: Failure) -> Failure {
    Failure {
        cause: Some(Box::new(cause)),
        ..server_side(
            "child workflow execution error",
            FailureInfo::ChildWorkflowExecutionFailureInfo(ChildWorkflowExecutionFailureInfo {
                retry_state: retry_state as i32,
                ..info
            }),
        )
    }
}

fn server_side(message: impl Into<String>, info: FailureInfo) -> Failure {
    Failure {
        message: message.into(),
        source: SOURCE.to_owned(),
        failure_info: Some(info),
        ..Default::default()
    }
}
