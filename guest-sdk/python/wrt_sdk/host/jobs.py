"""What the component is told, in the words of this package."""

from __future__ import annotations

from typing import Any

from componentize_py_types import Err

from ..runtime import jobs
from .convert import (
    from_duration,
    from_fields,
    from_payloads,
    from_priority,
    from_retry_policy,
    from_timestamp,
)
from .failures import from_links
from .names import workflow_guest as wit


def activation(given: Any) -> jobs.Activation:
    return jobs.Activation(
        time=from_timestamp(given.time),
        jobs=[_job(job) for job in given.jobs],
        history_length=given.history_length,
        history_size=given.history_size,
        continue_as_new_suggested=given.continue_as_new_suggested,
    )


def _job(job: Any) -> jobs.Job:
    match job:
        case wit.Job_Start(start):
            return jobs.Start(_info(start.info), from_payloads(start.input), from_fields(start.header))
        case wit.Job_TimerFired(seq):
            return jobs.TimerFired(seq)
        case wit.Job_ActivityResolved(value):
            return jobs.ActivityResolved(value.seq, _outcome(value.output))
        case wit.Job_Signal(value):
            return jobs.Signal(value.name, from_payloads(value.input))
        case wit.Job_CancelRequested(reason):
            return jobs.CancelRequested(reason)
        case wit.Job_ChildWorkflowStarted(value):
            outcome = value.outcome
            return jobs.ChildWorkflowStarted(
                value.seq, from_links(outcome.value) if isinstance(outcome, Err) else outcome.value
            )
        case wit.Job_ChildWorkflowResolved(value):
            return jobs.ChildWorkflowResolved(value.seq, _outcome(value.output))
        case wit.Job_ExternalResolved(value):
            failed = isinstance(value.outcome, Err)
            return jobs.ExternalResolved(value.seq, from_links(value.outcome.value) if failed else None)
        case wit.Job_Update(value):
            return jobs.Update(value.update_id, value.name, from_payloads(value.input))
        case _:
            raise ValueError(f"unknown job: {job!r}")


def _outcome(output: Any) -> jobs.Outcome:
    return from_links(output.value) if isinstance(output, Err) else from_payloads(output.value)


def _related(execution: Any) -> jobs.RelatedExecution:
    return jobs.RelatedExecution(execution.namespace, execution.workflow_id, execution.run_id)


def _info(info: Any) -> jobs.StartInfo:
    failure = info.continued_failure
    return jobs.StartInfo(
        workflow_type=info.workflow_type,
        workflow_id=info.workflow_id,
        run_id=info.run_id,
        namespace=info.namespace,
        task_queue=info.task_queue,
        start_time=from_timestamp(info.start_time),
        first_execution_run_id=info.first_execution_run_id,
        root=_related(info.root),
        parent=_related(info.parent) if info.parent is not None else None,
        attempt=info.attempt,
        execution_timeout=from_duration(info.execution_timeout),
        run_timeout=from_duration(info.run_timeout),
        task_timeout=from_duration(info.task_timeout),  # type: ignore[arg-type]
        retry_policy=from_retry_policy(info.retry_policy),
        cron_schedule=info.cron_schedule,
        memo=from_fields(info.memo),
        search_attributes=from_fields(info.search_attributes),
        priority=from_priority(info.priority),
        continued_run_id=info.continued_run_id,
        continued_failure=from_links(failure) if failure else None,
        last_completion_result=from_payloads(info.last_completion_result),
    )
