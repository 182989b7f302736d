"""Facts about the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..common import Priority, RetryPolicy, TypedSearchAttributes
from ..converter.encodings import PayloadConverter
from ..converter.payload import Payload
from ..converter.search_attributes import decode_search_attributes, decode_typed_search_attributes
from ..runtime import current


@dataclass(frozen=True)
class ParentInfo:
    """The workflow that started this one as its child."""

    namespace: str
    run_id: str
    workflow_id: str


@dataclass(frozen=True)
class RootInfo:
    """The first ancestor."""

    run_id: str
    workflow_id: str


@dataclass(frozen=True)
class Info:
    """Facts about the run."""

    #: 1 for the first run; retries count up.
    attempt: int
    #: The run before, when this one continues it.
    continued_run_id: str | None
    cron_schedule: str | None
    execution_timeout: timedelta | None
    #: The first run of the chain that retries and continue-as-new form.
    first_execution_run_id: str
    headers: Mapping[str, Payload]
    namespace: str
    parent: ParentInfo | None
    #: None when it is the run itself.
    root: RootInfo | None
    priority: Priority
    raw_memo: Mapping[str, Payload]
    retry_policy: RetryPolicy | None
    run_id: str
    run_timeout: timedelta | None
    search_attributes: Mapping[str, list[Any]]
    #: When the run has started.
    start_time: datetime
    task_queue: str
    task_timeout: timedelta
    typed_search_attributes: TypedSearchAttributes
    workflow_id: str
    #: The same as `start_time`: the contract has one time.
    workflow_start_time: datetime
    workflow_type: str

    def get_current_history_length(self) -> int:
        """Events in the history so far."""
        return current.run().history_length

    def get_current_history_size(self) -> int:
        """Bytes of the history so far."""
        return current.run().history_size

    def is_continue_as_new_suggested(self) -> bool:
        """True when the history has grown so long that it is time to continue as new."""
        return current.run().continue_as_new_suggested

    def is_target_worker_deployment_version_changed(self) -> bool:
        """False: a run stays on the component that it started on."""
        return False

    def get_current_build_id(self) -> str:
        """Empty: a guest is not told the name of its version."""
        return ""

    def get_current_deployment_version(self) -> None:
        """None: a guest is not told its deployment."""
        return None

    def get_last_completion_result(self, type_hint: Any = None) -> Any:
        """The result of the run before, in cron schedules; None when there is none."""
        return get_last_completion_result(type_hint)


def info() -> Info:
    """Facts about the run. Search attributes and memo are those of now."""
    run = current.run()
    fixed = run.info
    parent, root = fixed.parent, fixed.root
    return Info(
        attempt=fixed.attempt,
        continued_run_id=fixed.continued_run_id,
        cron_schedule=fixed.cron_schedule,
        execution_timeout=fixed.execution_timeout,
        first_execution_run_id=fixed.first_execution_run_id,
        headers=run.start.header,
        namespace=fixed.namespace,
        parent=ParentInfo(parent.namespace, parent.run_id, parent.workflow_id) if parent is not None else None,
        root=RootInfo(root.run_id, root.workflow_id) if root.workflow_id != fixed.workflow_id else None,
        priority=fixed.priority or Priority.default,
        raw_memo=dict(run.memo),
        retry_policy=fixed.retry_policy,
        run_id=fixed.run_id,
        run_timeout=fixed.run_timeout,
        search_attributes=decode_search_attributes(run.search_attributes),
        start_time=fixed.start_time,
        task_queue=fixed.task_queue,
        task_timeout=fixed.task_timeout,
        typed_search_attributes=decode_typed_search_attributes(run.search_attributes),
        workflow_id=fixed.workflow_id,
        workflow_start_time=fixed.start_time,
        workflow_type=fixed.workflow_type,
    )


def in_workflow() -> bool:
    """Whether the code runs in a workflow."""
    return current.maybe_run() is not None


def instance() -> Any:
    """The object of the workflow's class."""
    return current.run().instance


def cancellation_reason() -> str | None:
    """Why the run was asked to cancel itself; None when it was not."""
    return current.run().cancellation_reason


def payload_converter() -> PayloadConverter:
    """The converter of payloads, without the codec."""
    return current.run().converter.payload_converter


def is_failure_exception(error: BaseException) -> bool:
    """Whether the error would fail the run rather than the workflow task."""
    return current.run().is_failure(error)


def has_last_completion_result() -> bool:
    """Whether there is the result of a run before, in cron schedules."""
    return bool(current.run().info.last_completion_result)


def get_last_completion_result(type_hint: Any = None) -> Any:
    """The result of the run before, in cron schedules; None when there is none."""
    run = current.run()
    return run.converter.result(run.info.last_completion_result, type_hint)


def get_last_failure() -> BaseException | None:
    """The failure of the run before, when this one is its retry."""
    run = current.run()
    failure = run.info.continued_failure
    return run.converter.from_failure(failure) if failure is not None else None


def extern_functions() -> NoReturn:
    """Raises `NotImplementedError`: nothing of a worker is in reach."""
    raise NotImplementedError("there is no worker around a component: use an activity instead of an extern function")
