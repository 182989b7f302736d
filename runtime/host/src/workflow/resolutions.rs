//! The jobs of events that answer a command: what was asked for has come, or will not come.

use wrt_model::{
    failure as failures,
    proto::{
        ActivityType, EventAttributes, Failure, WorkflowExecution, WorkflowType,
        enums::{
            CancelExternalWorkflowExecutionFailedCause as CancelFailed, RetryState,
            SignalExternalWorkflowExecutionFailedCause as SignalFailed,
            StartChildWorkflowExecutionFailedCause as StartFailed, TimeoutType,
        },
        failure::{ActivityFailureInfo, ChildWorkflowExecutionFailureInfo},
    },
};

use super::{
    jobs::{Job, Output, Refused},
    ledger::{Ledger, Open, OpenKind},
    turns::BrokenHistory,
};

/// The job of an event that answers a command; `None` for other events, and when the guest does not wait any more.
pub(crate) fn job<'e>(
    ledger: &mut Ledger,
    event_id: i64,
    attributes: &'e EventAttributes,
) -> Result<Option<Job<'e>>, BrokenHistory> {
    use EventAttributes as A;
    let mut resolve = |opened_by: i64| resolve(ledger, event_id, opened_by);
    Ok(Some(match attributes {
        // A timer may have fired while the task that canceled it was running: it stays canceled.
        A::TimerFiredEventAttributes(event) => {
            return Ok(ledger
                .resolve(event.started_event_id)
                .map(|timer| Job::TimerFired { seq: timer.seq }));
        }

        A::ActivityTaskCompletedEventAttributes(event) => {
            activity(&resolve(event.scheduled_event_id)?, Ok(event.result.as_ref()))
        }
        A::ActivityTaskFailedEventAttributes(event) => {
            let open = resolve(event.scheduled_event_id)?;
            activity_failed(&open, &event.identity, event.retry_state(), event.failure.clone())
        }
        A::ActivityTaskTimedOutEventAttributes(event) => {
            let open = resolve(event.scheduled_event_id)?;
            activity_failed(&open, "", event.retry_state(), event.failure.clone())
        }
        A::ActivityTaskCanceledEventAttributes(event) => {
            let open = resolve(event.scheduled_event_id)?;
            let canceled = failures::canceled(event.details.clone());
            activity_failed(&open, &event.identity, RetryState::CancelRequested, Some(canceled))
        }

        A::ChildWorkflowExecutionStartedEventAttributes(event) => {
            let execution = event.workflow_execution.as_ref();
            let run_id = execution.map_or("", |execution| &execution.run_id);
            let open = ledger.open_by_event(event.initiated_event_id);
            return Ok(open.map(|open| Job::ChildWorkflowStarted {
                seq: open.seq,
                run_id: Ok(run_id),
            }));
        }
        A::StartChildWorkflowExecutionFailedEventAttributes(event) => {
            let open = resolve(event.initiated_event_id)?;
            let reason = not_started(&event.workflow_id, event.cause());
            Job::ChildWorkflowStarted {
                seq: open.seq,
                run_id: Err(Refused {
                    cause: event.cause(),
                    failure: child_failure(&open, None, RetryState::NonRetryableFailure, reason),
                }),
            }
        }
        A::ChildWorkflowExecutionCompletedEventAttributes(event) => {
            child(&resolve(event.initiated_event_id)?, Ok(event.result.as_ref()))
        }
        A::ChildWorkflowExecutionFailedEventAttributes(event) => {
            let open = resolve(event.initiated_event_id)?;
            let cause = event.failure.clone().unwrap_or_default();
            child_failed(&open, event.workflow_execution.as_ref(), event.retry_state(), cause)
        }
        A::ChildWorkflowExecutionCanceledEventAttributes(event) => {
            let open = resolve(event.initiated_event_id)?;
            let cause = failures::canceled(event.details.clone());
            child_failed(
                &open,
                event.workflow_execution.as_ref(),
                RetryState::NonRetryableFailure,
                cause,
            )
        }
        A::ChildWorkflowExecutionTimedOutEventAttributes(event) => {
            let open = resolve(event.initiated_event_id)?;
            let cause = Failure {
                message: "workflow timeout".to_owned(),
                ..failures::timeout(TimeoutType::StartToClose, None)
            };
            child_failed(&open, event.workflow_execution.as_ref(), event.retry_state(), cause)
        }
        A::ChildWorkflowExecutionTerminatedEventAttributes(event) => {
            let open = resolve(event.initiated_event_id)?;
            let cause = failures::terminated("terminated");
            child_failed(
                &open,
                event.workflow_execution.as_ref(),
                RetryState::NonRetryableFailure,
                cause,
            )
        }

        A::ExternalWorkflowExecutionSignaledEventAttributes(event) => {
            return Ok(signaled(ledger, event.initiated_event_id, Ok(())));
        }
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(event) => {
            return Ok(cancel_requested(ledger, event.initiated_event_id, Ok(())));
        }
        A::SignalExternalWorkflowExecutionFailedEventAttributes(event) => {
            let refused = Refused {
                cause: event.cause(),
                failure: not_found("signal", event.workflow_execution.as_ref()),
            };
            return Ok(signaled(ledger, event.initiated_event_id, Err(refused)));
        }
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(event) => {
            let refused = Refused {
                cause: event.cause(),
                failure: not_found("cancel", event.workflow_execution.as_ref()),
            };
            return Ok(cancel_requested(ledger, event.initiated_event_id, Err(refused)));
        }
        _ => return Ok(None),
    }))
}

/// What an event answers.
fn resolve(ledger: &mut Ledger, event_id: i64, opened_by: i64) -> Result<Open, BrokenHistory> {
    ledger.resolve(opened_by).ok_or_else(|| {
        BrokenHistory(format!(
            "event {event_id} ends what event {opened_by} has begun, which is not open"
        ))
    })
}

// === Activities ===

fn activity<'e>(open: &Open, output: Output<'e>) -> Job<'e> {
    Job::ActivityResolved {
        seq: open.seq,
        is_local: false,
        output,
    }
}

fn activity_failed<'e>(open: &Open, identity: &str, retry_state: RetryState, cause: Option<Failure>) -> Job<'e> {
    let (id, kind) = match &open.kind {
        OpenKind::Activity {
            activity_id,
            activity_type,
            ..
        } => (activity_id.clone(), activity_type.clone()),
        _ => Default::default(),
    };
    let info = ActivityFailureInfo {
        identity: identity.to_owned(),
        activity_type: Some(ActivityType { name: kind }),
        activity_id: id,
        ..Default::default()
    };
    activity(
        open,
        Err(failures::activity(info, retry_state, cause.unwrap_or_default())),
    )
}

// === Children ===

fn child<'e>(open: &Open, output: Output<'e>) -> Job<'e> {
    Job::ChildWorkflowResolved { seq: open.seq, output }
}

fn child_failed<'e>(
    open: &Open,
    execution: Option<&WorkflowExecution>,
    retry_state: RetryState,
    cause: Failure,
) -> Job<'e> {
    child(open, Err(child_failure(open, execution, retry_state, cause)))
}

fn child_failure(
    open: &Open,
    execution: Option<&WorkflowExecution>,
    retry_state: RetryState,
    cause: Failure,
) -> Failure {
    let (workflow_id, workflow_type) = match &open.kind {
        OpenKind::ChildWorkflow {
            workflow_id,
            workflow_type,
            ..
        } => (workflow_id.clone(), workflow_type.clone()),
        _ => Default::default(),
    };
    let info = ChildWorkflowExecutionFailureInfo {
        workflow_execution: Some(execution.cloned().unwrap_or(WorkflowExecution {
            workflow_id,
            run_id: String::new(),
        })),
        workflow_type: Some(WorkflowType { name: workflow_type }),
        ..Default::default()
    };
    failures::child_workflow(info, retry_state, cause)
}

fn not_started(workflow_id: &str, cause: StartFailed) -> Failure {
    match cause {
        StartFailed::NamespaceNotFound => failures::application(
            format!("no component serves child workflow {workflow_id}"),
            "NotFound",
            true,
        ),
        StartFailed::WorkflowAlreadyExists => failures::application(
            format!("child workflow {workflow_id} is running already, or its id may not be used again"),
            "WorkflowExecutionAlreadyStarted",
            true,
        ),
        StartFailed::InvalidVersioningOverride | StartFailed::Unspecified => failures::application(
            format!("the start of child workflow {workflow_id} was refused"),
            "BadStartChildExecutionAttributes",
            true,
        ),
    }
}

// === Other workflows ===

fn signaled<'e>(
    ledger: &mut Ledger,
    initiated_event_id: i64,
    outcome: Result<(), Refused<SignalFailed>>,
) -> Option<Job<'e>> {
    let open = ledger.resolve(initiated_event_id)?;
    Some(Job::SignalResolved { seq: open.seq, outcome })
}

fn cancel_requested<'e>(
    ledger: &mut Ledger,
    initiated_event_id: i64,
    outcome: Result<(), Refused<CancelFailed>>,
) -> Option<Job<'e>> {
    // A request to cancel a child opens nothing.
    let open = ledger.resolve(initiated_event_id)?;
    Some(Job::CancelResolved { seq: open.seq, outcome })
}

fn not_found(verb: &str, execution: Option<&WorkflowExecution>) -> Failure {
    let id = execution.map_or("", |execution| &execution.workflow_id);
    failures::application(
        format!("cannot {verb} workflow {id}: no run of it is open"),
        "ExternalWorkflowExecutionNotFound",
        true,
    )
}
