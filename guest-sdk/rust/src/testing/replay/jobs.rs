//! Turns events into jobs: what the workflow was told.

use std::rc::Rc;

use super::{
    ReplayError,
    history::Event,
    ledger::{Ledger, Open},
};
use crate::{
    Failure, FailureKind, Memo, Priority, RelatedExecution, SearchAttributes, WorkflowInfo,
    execution::Job,
    failure::{ActivityFailure, ChildWorkflowFailure, RetryState, TimeoutType},
    info::Progress,
};

/// `Failure.source` of what the runtime raises.
const RUNTIME: &str = "Server";

/// The job of an event, if it has one. Events of the task itself, of commands and of attempts have none.
pub(super) fn job(ledger: &Rc<Ledger>, event: &Event) -> Result<Option<Job>, ReplayError> {
    let scheduled = || resolve(ledger, event, "scheduledEventId");
    let initiated = || resolve(ledger, event, "initiatedEventId");
    Ok(Some(match event.kind.as_str() {
        "WORKFLOW_EXECUTION_SIGNALED" => Job::Signal(event.text("signalName").to_owned(), event.payloads("input")),
        "WORKFLOW_EXECUTION_CANCEL_REQUESTED" => Job::CancelRequested(event.text("cause").to_owned()),

        // One that fired while the task that canceled it was running stays canceled.
        "TIMER_FIRED" => {
            let timer = ledger.resolve(event.number("startedEventId"));
            return Ok(timer.map(|timer| Job::TimerFired(timer.seq)));
        }

        "ACTIVITY_TASK_COMPLETED" => Job::ActivityResolved(scheduled()?.seq, Ok(event.payloads("result"))),
        "ACTIVITY_TASK_FAILED" | "ACTIVITY_TASK_TIMED_OUT" => {
            activity_failed(&scheduled()?, event, event.retry_state(), event.failure("failure"))
        }
        "ACTIVITY_TASK_CANCELED" => activity_failed(&scheduled()?, event, RetryState::CancelRequested, canceled(event)),

        "CHILD_WORKFLOW_EXECUTION_STARTED" => {
            let run_id = event.text("workflowExecution.runId").to_owned();
            let seq = ledger.seq_of(event.number("initiatedEventId"));
            return Ok(seq.map(|seq| Job::ChildWorkflowStarted(seq, Ok(run_id))));
        }
        "START_CHILD_WORKFLOW_EXECUTION_FAILED" => {
            let child = initiated()?;
            let failure = child_failure(&child, event, RetryState::NonRetryableFailure, not_started(event));
            Job::ChildWorkflowStarted(child.seq, Err(failure))
        }
        "CHILD_WORKFLOW_EXECUTION_COMPLETED" => {
            Job::ChildWorkflowResolved(initiated()?.seq, Ok(event.payloads("result")))
        }
        "CHILD_WORKFLOW_EXECUTION_FAILED" => {
            child_failed(&initiated()?, event, event.retry_state(), event.failure("failure"))
        }
        "CHILD_WORKFLOW_EXECUTION_CANCELED" => {
            child_failed(&initiated()?, event, RetryState::NonRetryableFailure, canceled(event))
        }
        "CHILD_WORKFLOW_EXECUTION_TIMED_OUT" => {
            let kind = FailureKind::Timeout(TimeoutType::StartToClose, Vec::new());
            let cause = of_runtime("workflow timeout", kind);
            child_failed(&initiated()?, event, event.retry_state(), cause)
        }
        "CHILD_WORKFLOW_EXECUTION_TERMINATED" => {
            let cause = of_runtime("terminated", FailureKind::Terminated);
            child_failed(&initiated()?, event, RetryState::NonRetryableFailure, cause)
        }

        "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED" | "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED" => {
            return Ok(external(ledger, event, Ok(())));
        }
        "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED" => {
            return Ok(external(ledger, event, Err(not_found("signal", event))));
        }
        "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED" => {
            return Ok(external(ledger, event, Err(not_found("cancel", event))));
        }
        _ => return Ok(None),
    }))
}

/// What an event answers.
fn resolve(ledger: &Rc<Ledger>, event: &Event, field: &str) -> Result<Open, ReplayError> {
    let opened_by = event.number(field);
    ledger.resolve(opened_by).ok_or_else(|| {
        ReplayError::History(format!(
            "event {} ends what event {opened_by} has begun, which is not open",
            event.id
        ))
    })
}

/// A request to cancel a child opens nothing, so its answer reaches nobody.
fn external(ledger: &Rc<Ledger>, event: &Event, outcome: Result<(), Failure>) -> Option<Job> {
    let open = ledger.resolve(event.number("initiatedEventId"))?;
    Some(Job::ExternalResolved(open.seq, outcome))
}

// === Failures ===

fn of_runtime(message: impl Into<String>, kind: FailureKind) -> Failure {
    Failure {
        source: RUNTIME.to_owned(),
        ..Failure::new(message, kind)
    }
}

/// A failure that only names what failed.
fn naming(message: &str, kind: FailureKind, cause: Failure) -> Failure {
    Failure {
        cause: Some(Box::new(cause)),
        ..of_runtime(message, kind)
    }
}

fn canceled(event: &Event) -> Failure {
    of_runtime("canceled", FailureKind::Canceled(event.payloads("details")))
}

fn application(failure_type: &str, message: String) -> Failure {
    let mut failure = Failure::application(failure_type, message);
    failure.source = RUNTIME.to_owned();
    if let FailureKind::Application(application) = &mut failure.kind {
        application.non_retryable = true;
    }
    failure
}

fn activity_failed(activity: &Open, event: &Event, retry_state: RetryState, cause: Failure) -> Job {
    let kind = FailureKind::Activity(Box::new(ActivityFailure {
        activity_type: activity.kind.clone(),
        activity_id: activity.id.clone(),
        identity: event.text("identity").to_owned(),
        retry_state,
    }));
    Job::ActivityResolved(activity.seq, Err(naming("activity error", kind, cause)))
}

fn child_failed(child: &Open, event: &Event, retry_state: RetryState, cause: Failure) -> Job {
    Job::ChildWorkflowResolved(child.seq, Err(child_failure(child, event, retry_state, cause)))
}

fn child_failure(child: &Open, event: &Event, retry_state: RetryState, cause: Failure) -> Failure {
    let kind = FailureKind::ChildWorkflow(Box::new(ChildWorkflowFailure {
        workflow_type: child.kind.clone(),
        workflow_id: child.id.clone(),
        run_id: event.text("workflowExecution.runId").to_owned(),
        retry_state,
    }));
    naming("child workflow execution error", kind, cause)
}

fn not_started(event: &Event) -> Failure {
    let id = event.text("workflowId");
    if event.text("cause").ends_with("NAMESPACE_NOT_FOUND") {
        return application("NotFound", format!("no component serves child workflow {id}"));
    }
    let message = format!("child workflow {id} is running already, or its id may not be used again");
    application("WorkflowExecutionAlreadyStarted", message)
}

fn not_found(verb: &str, event: &Event) -> Failure {
    let id = event.text("workflowExecution.workflowId");
    let message = format!("cannot {verb} workflow {id}: no run of it is open");
    application("ExternalWorkflowExecutionNotFound", message)
}

// === The start ===

/// The facts about the run, as its first event has them.
pub(super) fn info(event: &Event, namespace: &str) -> WorkflowInfo {
    let execution = |path: &str| RelatedExecution {
        namespace: namespace.to_owned(),
        workflow_id: event.text(&format!("{path}.workflowId")).to_owned(),
        run_id: event.text(&format!("{path}.runId")).to_owned(),
    };
    let run_id = event.text("originalExecutionRunId").to_owned();
    WorkflowInfo {
        namespace: namespace.to_owned(),
        workflow_id: event.text("workflowId").to_owned(),
        first_execution_run_id: event.set_text("firstExecutionRunId").unwrap_or_else(|| run_id.clone()),
        run_id,
        workflow_type: event.text("workflowType.name").to_owned(),
        task_queue: event.text("taskQueue.name").to_owned(),
        attempt: u32::try_from(event.number("attempt")).unwrap_or_default().max(1),
        start_time: event.time(),
        execution_timeout: event.duration("workflowExecutionTimeout"),
        run_timeout: event.duration("workflowRunTimeout"),
        task_timeout: event.duration("workflowTaskTimeout").unwrap_or_default(),
        retry_policy: event
            .field("retryPolicy")
            .is_object()
            .then(|| event.retry_policy("retryPolicy")),
        cron_schedule: event.set_text("cronSchedule"),
        memo: Memo(event.fields("memo.fields")),
        search_attributes: SearchAttributes(event.fields("searchAttributes.indexedFields")),
        priority: event.field("priority").is_object().then(|| priority(event)),
        parent: event
            .field("parentWorkflowExecution")
            .is_object()
            .then(|| RelatedExecution {
                namespace: event.text("parentWorkflowNamespace").to_owned(),
                ..execution("parentWorkflowExecution")
            }),
        root: execution("rootWorkflowExecution"),
        continued_run_id: event.set_text("continuedExecutionRunId"),
        continued_failure: event
            .field("continuedFailure")
            .is_object()
            .then(|| event.failure("continuedFailure")),
        last_completion_result: event.payloads("lastCompletionResult"),
        progress: Progress::default(),
    }
}

fn priority(event: &Event) -> Priority {
    Priority {
        priority_key: u32::try_from(event.number("priority.priorityKey")).unwrap_or_default(),
        fairness_key: event.text("priority.fairnessKey").to_owned(),
        fairness_weight: event.field("priority.fairnessWeight").as_f64().unwrap_or_default() as f32,
    }
}
