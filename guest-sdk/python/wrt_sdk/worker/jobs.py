"""Turns events into jobs: what the workflow was told."""

from __future__ import annotations

from ..converter.failure import (
    ActivityInfo,
    ApplicationInfo,
    CanceledInfo,
    ChildWorkflowInfo,
    Failure,
    FailureInfo,
    TerminatedInfo,
    TimeoutInfo,
)
from ..exceptions import RetryState, TimeoutType
from ..runtime.jobs import (
    ActivityResolved,
    CancelRequested,
    ChildWorkflowResolved,
    ChildWorkflowStarted,
    ExternalResolved,
    Job,
    RelatedExecution,
    Signal,
    Start,
    StartInfo,
    TimerFired,
    Update,
)
from .history import Event
from .ledger import Ledger, Open

#: `Failure.source` of what the runtime raises.
SERVER = "Server"


def job(ledger: Ledger, event: Event) -> Job | None:
    """The job of an event. Events of the task itself, of commands and of attempts have none."""
    match event.kind:
        case "WORKFLOW_EXECUTION_SIGNALED":
            return Signal(event.text("signalName"), event.payloads("input"))
        case "WORKFLOW_EXECUTION_CANCEL_REQUESTED":
            return CancelRequested(event.text("cause"))
        case "TIMER_FIRED":
            # One that fired while the task that canceled it was running stays canceled.
            timer = ledger.take(event.number("startedEventId"))
            return TimerFired(timer.seq) if timer is not None else None
        case kind if kind.startswith("ACTIVITY_TASK_"):
            return _activity_job(ledger, event)
        case "CHILD_WORKFLOW_EXECUTION_STARTED":
            child = ledger.at(event.number("initiatedEventId"))
            return ChildWorkflowStarted(child.seq, event.text("workflowExecution.runId")) if child is not None else None
        case kind if kind.startswith(("CHILD_WORKFLOW_EXECUTION_", "START_CHILD_WORKFLOW_EXECUTION_FAILED")):
            return _child_job(ledger, event)
        case "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED" | "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED":
            return _external(ledger, event, None)
        case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED":
            return _external(ledger, event, _not_found("signal", event))
        case "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED":
            return _external(ledger, event, _not_found("cancel", event))
        case _:
            return None


def accepted_update(event: Event) -> Update | None:
    """An update comes with the task that has accepted it."""
    if event.kind != "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
        return None
    name = event.text("acceptedRequest.input.name")
    return Update(event.text("protocolInstanceId"), name, event.payloads("acceptedRequest.input.args"))


def _of_server(message: str, info: FailureInfo, cause: Failure | None = None) -> Failure:
    return Failure(message, info, SERVER, cause=cause)


def _canceled(event: Event) -> Failure:
    return _of_server("canceled", CanceledInfo(event.payloads("details")))


def _failure(event: Event) -> Failure:
    return event.failure("failure") or _of_server("", ApplicationInfo())


def _activity_job(ledger: Ledger, event: Event) -> Job | None:
    match event.kind.removeprefix("ACTIVITY_TASK_"):
        case "COMPLETED":
            activity = _taken(ledger, event, "scheduledEventId")
            return ActivityResolved(activity.seq, event.payloads("result"))
        case "FAILED" | "TIMED_OUT":
            cause, state = _failure(event), event.retry_state
        case "CANCELED":
            cause, state = _canceled(event), RetryState.CANCEL_REQUESTED
        case _:
            return None
    activity = _taken(ledger, event, "scheduledEventId")
    info = ActivityInfo(activity.kind, activity.id, event.text("identity"), state)
    return ActivityResolved(activity.seq, _of_server("activity error", info, cause))


def _child_job(ledger: Ledger, event: Event) -> Job | None:
    state = RetryState.NON_RETRYABLE_FAILURE
    match event.kind.removeprefix("CHILD_WORKFLOW_EXECUTION_"):
        case "COMPLETED":
            return ChildWorkflowResolved(_taken(ledger, event, "initiatedEventId").seq, event.payloads("result"))
        case "FAILED":
            cause, state = _failure(event), event.retry_state
        case "CANCELED":
            cause = _canceled(event)
        case "TIMED_OUT":
            cause, state = _of_server("workflow timeout", TimeoutInfo(TimeoutType.START_TO_CLOSE)), event.retry_state
        case "TERMINATED":
            cause = _of_server("terminated", TerminatedInfo())
        case "START_CHILD_WORKFLOW_EXECUTION_FAILED":
            child = _taken(ledger, event, "initiatedEventId")
            return ChildWorkflowStarted(child.seq, _child_failure(child, event, state, _not_started(event)))
        case _:
            return None
    child = _taken(ledger, event, "initiatedEventId")
    return ChildWorkflowResolved(child.seq, _child_failure(child, event, state, cause))


def _child_failure(child: Open, event: Event, state: RetryState, cause: Failure) -> Failure:
    info = ChildWorkflowInfo(child.kind, child.id, event.text("workflowExecution.runId"), state)
    return _of_server("child workflow execution error", info, cause)


def _not_started(event: Event) -> Failure:
    id = event.text("workflowId")
    if event.text("cause").endswith("NAMESPACE_NOT_FOUND"):
        return _of_server(f"no component serves child workflow {id}", ApplicationInfo("NotFound", True))
    message = f"child workflow {id} is running already, or its id may not be used again"
    return _of_server(message, ApplicationInfo("WorkflowExecutionAlreadyStarted", True))


def _not_found(verb: str, event: Event) -> Failure:
    message = f"cannot {verb} workflow {event.text('workflowExecution.workflowId')}: no run of it is open"
    return _of_server(message, ApplicationInfo("ExternalWorkflowExecutionNotFound", True))


def _external(ledger: Ledger, event: Event, failure: Failure | None) -> Job | None:
    """A request to cancel a child opens nothing, so its answer reaches nobody."""
    open = ledger.take(event.number("initiatedEventId"))
    return ExternalResolved(open.seq, failure) if open is not None else None


def _taken(ledger: Ledger, event: Event, field: str) -> Open:
    opened_by = event.number(field)
    open = ledger.take(opened_by)
    if open is None:
        raise ValueError(f"event {event.id} ends what event {opened_by} has begun, which is not open")
    return open


def start(event: Event, workflow_id: str, namespace: str) -> Start:
    """The start of the run, as its first event has it."""

    def related(path: str, of: str) -> RelatedExecution:
        return RelatedExecution(of, event.text(f"{path}.workflowId"), event.text(f"{path}.runId"))

    run_id = event.text("originalExecutionRunId")
    info = StartInfo(
        workflow_type=event.text("workflowType.name"),
        workflow_id=event.text("workflowId") or workflow_id,
        run_id=run_id,
        namespace=namespace,
        task_queue=event.text("taskQueue.name"),
        start_time=event.time,
        first_execution_run_id=event.text("firstExecutionRunId") or run_id,
        root=related("rootWorkflowExecution", namespace),
        parent=related("parentWorkflowExecution", event.text("parentWorkflowNamespace"))
        if event.field("parentWorkflowExecution")
        else None,
        attempt=max(1, event.number("attempt")),
        execution_timeout=event.duration("workflowExecutionTimeout"),
        run_timeout=event.duration("workflowRunTimeout"),
        task_timeout=event.duration("workflowTaskTimeout") or StartInfo.task_timeout,
        retry_policy=event.retry_policy("retryPolicy"),
        cron_schedule=event.text("cronSchedule") or None,
        memo=event.fields("memo.fields"),
        search_attributes=event.fields("searchAttributes.indexedFields"),
        priority=event.priority(),
        continued_run_id=event.text("continuedExecutionRunId") or None,
        continued_failure=event.failure("continuedFailure"),
        last_completion_result=event.payloads("lastCompletionResult"),
    )
    return Start(info, event.payloads("input"), event.fields("header.fields"))
