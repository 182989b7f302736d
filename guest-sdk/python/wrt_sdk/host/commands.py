"""The commands of a run, as calls of the component's imports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from componentize_py_types import Err, Ok
from wit_world.imports import (
    activity,
    child_workflow,
    execution,
    external_workflow,
    log,
    patch,
    timer,
    update,
    visibility,
)

from ..converter.failure import Failure
from ..converter.payload import Payload
from ..runtime.host import ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Fields
from .convert import to_duration, to_fields, to_payloads, to_priority, to_retry_policy
from .failures import to_links
from .names import workflow_types as types


def _duration(span: timedelta | None) -> Any:
    return to_duration(types, span)


def _payloads(payloads: list[Payload]) -> list[Any]:
    return to_payloads(types, payloads)


class ComponentHost:
    """The runtime around the component."""

    def schedule_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        wit = activity.ActivityOptions(
            activity_id=options.activity_id,
            task_queue=options.task_queue,
            schedule_to_close_timeout=_duration(options.schedule_to_close_timeout),
            schedule_to_start_timeout=_duration(options.schedule_to_start_timeout),
            start_to_close_timeout=_duration(options.start_to_close_timeout),
            heartbeat_timeout=_duration(options.heartbeat_timeout),
            retry_policy=to_retry_policy(types, options.retry_policy),
            header=[],
            priority=to_priority(types, options.priority),
            summary=options.summary,
        )
        return activity.schedule(activity_type, _payloads(input), wit)  # type: ignore[no-any-return]

    def schedule_local_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        wit = activity.LocalActivityOptions(
            activity_id=options.activity_id,
            schedule_to_close_timeout=_duration(options.schedule_to_close_timeout),
            start_to_close_timeout=_duration(options.start_to_close_timeout),
            retry_policy=to_retry_policy(types, options.retry_policy),
        )
        return activity.schedule_local(activity_type, _payloads(input), wit)  # type: ignore[no-any-return]

    def request_cancel_activity(self, seq: int) -> None:
        activity.request_cancel(seq)

    def start_timer(self, micros: int, summary: str | None) -> int:
        return timer.start(_duration(timedelta(microseconds=micros)), summary)  # type: ignore[no-any-return]

    def cancel_timer(self, seq: int) -> None:
        timer.cancel(seq)

    def start_child_workflow(self, workflow_type: str, input: list[Payload], options: ChildWorkflowOptions) -> int:
        wit = child_workflow.ChildWorkflowOptions(
            workflow_id=options.workflow_id,
            task_queue=options.task_queue,
            execution_timeout=_duration(options.execution_timeout),
            run_timeout=_duration(options.run_timeout),
            task_timeout=_duration(options.task_timeout),
            parent_close_policy=child_workflow.ParentClosePolicy[_constant(options.parent_close_policy)],
            id_reuse_policy=child_workflow.IdReusePolicy[_constant(options.id_reuse_policy)],
            retry_policy=to_retry_policy(types, options.retry_policy),
            cron_schedule=options.cron_schedule,
            header=[],
            memo=to_fields(types, options.memo),
            search_attributes=to_fields(types, options.search_attributes),
            priority=to_priority(types, options.priority),
            summary=options.summary,
        )
        return child_workflow.start(workflow_type, _payloads(input), wit)  # type: ignore[no-any-return]

    def request_cancel_child_workflow(self, seq: int, reason: str) -> None:
        child_workflow.request_cancel(seq, reason)

    def signal_child_workflow(self, seq: int, signal_name: str, input: list[Payload]) -> int:
        return child_workflow.signal(seq, signal_name, _payloads(input), [])  # type: ignore[no-any-return]

    def signal_external_workflow(self, workflow_id: str, run_id: str, signal_name: str, input: list[Payload]) -> int:
        execution = external_workflow.WorkflowExecution(workflow_id, run_id)
        return external_workflow.signal(execution, signal_name, _payloads(input), [])  # type: ignore[no-any-return]

    def request_cancel_external_workflow(self, workflow_id: str, run_id: str, reason: str) -> int:
        execution = external_workflow.WorkflowExecution(workflow_id, run_id)
        return external_workflow.request_cancel(execution, reason)  # type: ignore[no-any-return]

    def accept_update(self, update_id: str) -> None:
        update.accept(update_id)

    def reject_update(self, update_id: str, reason: Failure) -> None:
        update.reject(update_id, to_links(reason))

    def complete_update(self, update_id: str, outcome: list[Payload] | Failure) -> None:
        failed = isinstance(outcome, Failure)
        update.complete(update_id, Err(to_links(outcome)) if failed else Ok(_payloads(outcome)))  # type: ignore

    def patched(self, patch_id: str) -> bool:
        return patch.patched(patch_id)  # type: ignore[no-any-return]

    def deprecate_patch(self, patch_id: str) -> None:
        patch.deprecate(patch_id)

    def upsert_search_attributes(self, attributes: Fields) -> None:
        visibility.upsert_search_attributes(to_fields(types, attributes))

    def upsert_memo(self, fields: Fields) -> None:
        visibility.upsert_memo(to_fields(types, fields))

    def complete(self, output: list[Payload]) -> None:
        execution.complete(_payloads(output))

    def fail(self, failure: Failure) -> None:
        execution.fail(to_links(failure))

    def cancel(self, details: list[Payload]) -> None:
        execution.cancel(_payloads(details))

    def continue_as_new(self, input: list[Payload], options: ContinueAsNewOptions) -> None:
        wit = execution.ContinueAsNewOptions(
            workflow_type=options.workflow_type,
            task_queue=options.task_queue,
            run_timeout=_duration(options.run_timeout),
            task_timeout=_duration(options.task_timeout),
            retry_policy=to_retry_policy(types, options.retry_policy),
            header=[],
            memo=None if options.memo is None else to_fields(types, options.memo),
            search_attributes=None
            if options.search_attributes is None
            else to_fields(types, options.search_attributes),
        )
        execution.continue_as_new(_payloads(input), wit)

    def log(self, level: str, message: str, fields: list[tuple[str, str]]) -> None:
        log.log(log.Level[level.upper()], message, fields)


def _constant(word: str) -> str:
    return word.upper().replace("-", "_")
