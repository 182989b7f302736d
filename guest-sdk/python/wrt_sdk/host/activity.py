"""The interface `guest` of activities."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from componentize_py_types import Err
from wit_world.imports import context

from .. import __version__, converter, exceptions
from ..activity.context import Attempt
from ..activity.definition import DEFINITIONS, Definition
from ..activity.info import Info
from ..converter.failure import SOURCE, ApplicationInfo, CanceledInfo, Failure
from ..converter.payload import Payload
from ..runtime.attempt import execute
from . import log
from .convert import from_duration, from_payloads, to_duration, to_payloads
from .names import activity_guest as wit
from .names import activity_types as types


class ComponentActivityHost:
    """The runtime around the component."""

    def heartbeat(self, details: list[Payload]) -> bool:
        return context.heartbeat(to_payloads(types, details))  # type: ignore[no-any-return]

    def is_cancel_requested(self) -> bool:
        return context.is_cancel_requested()  # type: ignore[no-any-return]


class ActivityGuest:
    """What a component of activities exports. An exception must not leave it: it would trap, and its text be lost."""

    def describe(self) -> Any:
        """Names what there is; one that takes all types has no name to tell."""
        described = [
            wit.ActivityDefinition(definition.name, definition.description, None, None)
            for definition in DEFINITIONS.values()
            if definition.name is not None
        ]
        return wit.ModuleDefinition(SOURCE, __version__, described)

    def execute(self, task: Any) -> list[Any]:
        """Runs one attempt."""
        log.write_to_output()
        data_converter = converter.default()
        attempt = None
        try:
            definition = _find(task.activity_type)
            attempt = Attempt(_info(task, data_converter), ComponentActivityHost(), data_converter)
            return to_payloads(types, execute(definition, attempt, from_payloads(task.input)))
        except BaseException as error:
            raised = error  # not raised here: its traceback would lead into this frame
        was_asked = attempt is not None and attempt.is_cancelled
        raise Err(_failure(data_converter.to_failure(raised), was_asked))


def _find(activity_type: str) -> Definition:
    try:
        return Definition.find(activity_type)
    except LookupError as error:
        raise exceptions.ApplicationError(str(error), type="UnknownActivityType") from None


def _info(task: Any, data_converter: converter.DataConverter) -> Info:
    return Info(
        activity_id=task.activity_id,
        activity_type=task.activity_type,
        attempt=task.attempt,
        heartbeat_details=data_converter.from_payloads(from_payloads(task.heartbeat_details)),
        heartbeat_timeout=from_duration(task.heartbeat_timeout),
        idempotency_key=task.idempotency_key,
        start_to_close_timeout=from_duration(task.start_to_close_timeout),
        started_time=datetime.now(UTC),
        task_queue=task.task_queue,
        workflow_id=task.workflow_id,
        workflow_namespace=task.namespace,
        workflow_run_id=task.run_id,
        workflow_type=task.workflow_type,
    )


def _failure(failure: Failure, was_asked: bool) -> Any:
    """The contract has room for one link, so the causes become part of its stack trace."""
    info = failure.info
    if isinstance(info, CanceledInfo) and was_asked:
        return types.Failure_Canceled(to_payloads(types, info.details))
    if not isinstance(info, ApplicationInfo):
        info = ApplicationInfo(type(info).__name__.removesuffix("Info"))
    because = "".join(f"\nbecause of {link.message}\n{link.stack_trace}" for link in failure.links()[1:])
    return types.Failure_Application(
        types.ApplicationFailure(
            message=failure.message,
            failure_type=info.failure_type,
            stack_trace=failure.stack_trace + because,
            non_retryable=info.non_retryable,
            details=to_payloads(types, info.details),
            next_retry_delay=to_duration(types, info.next_retry_delay),
        )
    )
