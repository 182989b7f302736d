"""Workflows that this one starts and waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Any, TypedDict

from ..common import Priority, RetryPolicy, TypedSearchAttributes, WorkflowIDReusePolicy
from ..converter.failure import ApplicationInfo, Failure
from ..converter.search_attributes import encode_search_attributes, encode_typed_search_attributes
from ..exceptions import CancelledError, ChildWorkflowError, RetryState, WorkflowAlreadyStartedError
from ..runtime import current
from ..runtime.host import ChildWorkflowOptions, Fields
from ..runtime.jobs import Outcome
from .arguments import UNSET, arguments_of
from .definition import handler_name, workflow_name
from .external_workflow import External, request_cancel_external
from .versioning import VersioningIntent


class ChildWorkflowCancellationType(IntEnum):
    """What becomes of a child when its wait is cancelled."""

    #: It is told nothing, and the wait ends at once.
    ABANDON = 0
    #: It is asked to cancel itself, and the wait ends at once.
    TRY_CANCEL = 1
    #: It is asked to cancel itself, and the wait goes on until it ends.
    WAIT_CANCELLATION_COMPLETED = 2
    #: It is asked to cancel itself, and the wait ends when the request has arrived.
    WAIT_CANCELLATION_REQUESTED = 3


class ParentClosePolicy(IntEnum):
    """What happens to a child when its parent ends, however it ends."""

    UNSPECIFIED = 0
    TERMINATE = 1
    ABANDON = 2
    REQUEST_CANCEL = 3


class ChildWorkflowConfig(TypedDict, total=False):
    """The options of `start_child_workflow`, to be kept and spread with `**`."""

    id: str | None
    task_queue: str | None
    cancellation_type: ChildWorkflowCancellationType
    parent_close_policy: ParentClosePolicy
    execution_timeout: timedelta | None
    run_timeout: timedelta | None
    task_timeout: timedelta | None
    id_reuse_policy: WorkflowIDReusePolicy
    retry_policy: RetryPolicy | None
    cron_schedule: str
    memo: Mapping[str, Any] | None
    search_attributes: TypedSearchAttributes | Mapping[str, Sequence[Any]] | None
    versioning_intent: VersioningIntent | None
    static_summary: str | None
    static_details: str | None
    priority: Priority


class ChildWorkflowHandle(asyncio.Future[Any]):
    """A child: a future of its result.

    Cancelling it asks the child to cancel itself, as its cancellation type says. Then it ends with a
    `ChildWorkflowError` whose cause is a `CancelledError`.
    """

    def __init__(
        self,
        workflow: str,
        options: ChildWorkflowOptions,
        cancellation_type: ChildWorkflowCancellationType,
        result_type: Any,
    ) -> None:
        self._run = current.run()
        super().__init__(loop=self._run.loop)
        self._workflow = workflow
        self._options = options
        self._cancellation_type = cancellation_type
        self._result_type = result_type
        self._seq = 0
        self._run_id: str | None = None
        self._cancel_requested = False
        self._started = _ChildStart(self)

    @property
    def id(self) -> str:
        """The id that the child is known by."""
        # The runtime makes the default of these two.
        return self._options.workflow_id or f"{self._run.info.run_id}_{self._seq}"

    @property
    def first_execution_run_id(self) -> str | None:
        """Its first run."""
        return self._run_id

    async def signal(self, signal: Any, arg: Any = UNSET, *, args: Sequence[Any] = ()) -> None:
        """Signals the child, and waits until that has arrived. Raises `ApplicationError` when it has closed."""
        name = handler_name(signal, "signal")
        payloads = self._run.converter.to_payloads(arguments_of(arg, args))
        await External(self._run.host.signal_child_workflow(self._seq, name, payloads))

    def _start(self, input: list[Any]) -> None:
        payloads = self._run.converter.to_payloads(input)
        self._seq = self._run.host.start_child_workflow(self._workflow, payloads, self._options)
        self._run.waiting[self._seq] = self

    def cancel(self, msg: Any | None = None) -> bool:
        """Asks the child to cancel itself. Returns False when it has ended."""
        if self.done():
            return False
        if self._run.closed:
            return super().cancel(msg)
        reason = str(msg) if msg else self._run.cancellation_reason or ""
        match self._cancellation_type:
            case ChildWorkflowCancellationType.WAIT_CANCELLATION_REQUESTED if self._run_id is not None:
                if not self._cancel_requested:
                    self._cancel_requested = True
                    arrived = request_cancel_external(self._run, self.id, self._run_id, reason)
                    arrived.add_done_callback(lambda _: self._end_cancelled(reason))
                return True
            case ChildWorkflowCancellationType.ABANDON:
                self._end_cancelled(reason)
            case kind:
                if not self._cancel_requested:
                    self._cancel_requested = True
                    self._run.host.request_cancel_child_workflow(self._seq, reason)
                if kind is ChildWorkflowCancellationType.TRY_CANCEL:
                    self._end_cancelled(reason)
        return True

    def _end_cancelled(self, reason: str) -> None:
        if self.done():
            return
        error = ChildWorkflowError(
            "Child Workflow execution cancelled",
            namespace=self._run.info.namespace,
            workflow_id=self.id,
            run_id=self._run_id or "",
            workflow_type=self._workflow,
            retry_state=RetryState.CANCEL_REQUESTED,
        )
        error.__cause__ = CancelledError(reason or "Cancelled")
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._started.done():
            self._started.set_exception(error)
            super().cancel()  # nobody has a handle that could be asked
        elif not self.done():
            self.set_exception(error)

    def child_started(self, outcome: str | Failure) -> None:
        """Takes in that the child has started, or why it did not."""
        if isinstance(outcome, str):
            self._run_id = outcome
            if not self._started.done():
                self._started.set_result(self)
            return
        self._run.waiting.pop(self._seq, None)
        error = self._run.converter.from_failure(outcome)
        cause = outcome.cause.info if outcome.cause is not None else None
        if isinstance(cause, ApplicationInfo) and cause.failure_type == "WorkflowExecutionAlreadyStarted":
            taken = WorkflowAlreadyStartedError(self.id, self._workflow)
            taken.__cause__ = error
            error = taken
        self._fail(error)

    def resolve(self, outcome: Outcome) -> None:
        """Takes in how the child ended. Does nothing when nobody waits any more."""
        try:
            if isinstance(outcome, Failure):
                self._fail(self._run.converter.from_failure(outcome))
            elif not self.done():
                result = self._run.converter.result(outcome, self._result_type)
                self.set_result(result)
        except Exception as error:
            self._fail(error)


class _ChildStart(asyncio.Future[ChildWorkflowHandle]):
    """Waits for a child to start. Cancelling it cancels the child."""

    def __init__(self, handle: ChildWorkflowHandle) -> None:
        super().__init__(loop=handle._loop)
        self._handle = handle

    def cancel(self, msg: Any | None = None) -> bool:
        return not self.done() and self._handle.cancel(msg)


async def start_child_workflow(
    workflow: Any,
    arg: Any = UNSET,
    *,
    args: Sequence[Any] = (),
    id: str | None = None,
    task_queue: str | None = None,
    result_type: Any = None,
    cancellation_type: ChildWorkflowCancellationType = ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parent_close_policy: ParentClosePolicy = ParentClosePolicy.TERMINATE,
    execution_timeout: timedelta | None = None,
    run_timeout: timedelta | None = None,
    task_timeout: timedelta | None = None,
    id_reuse_policy: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    retry_policy: RetryPolicy | None = None,
    cron_schedule: str = "",
    memo: Mapping[str, Any] | None = None,
    search_attributes: TypedSearchAttributes | Mapping[str, Sequence[Any]] | None = None,
    versioning_intent: VersioningIntent | None = None,
    static_summary: str | None = None,
    static_details: str | None = None,
    priority: Priority = Priority.default,
) -> ChildWorkflowHandle:
    """Starts a child, waits until it has started, and returns a handle to await. `static_details` has no effect."""
    name, hint = workflow_name(workflow)
    if id_reuse_policy is WorkflowIDReusePolicy.TERMINATE_IF_RUNNING:
        raise ValueError("WorkflowIDReusePolicy.TERMINATE_IF_RUNNING is not for children: cancel the other one first")
    if retry_policy is not None:
        retry_policy._validate()
    options = ChildWorkflowOptions(
        workflow_id=id,
        task_queue=task_queue,
        execution_timeout=execution_timeout,
        run_timeout=run_timeout,
        task_timeout=task_timeout,
        parent_close_policy=_PARENT_CLOSE_POLICIES[parent_close_policy],
        id_reuse_policy=id_reuse_policy.name.lower().replace("_", "-"),
        retry_policy=retry_policy,
        cron_schedule=cron_schedule or None,
        memo=encode_memo(memo),
        search_attributes=encode_attributes(search_attributes),
        priority=None if priority == Priority.default else priority,
        summary=static_summary,
    )
    handle = ChildWorkflowHandle(name, options, cancellation_type, result_type or hint)
    handle._start(arguments_of(arg, args))
    return await handle._started


async def execute_child_workflow(workflow: Any, arg: Any = UNSET, **options: Any) -> Any:
    """Runs a child and returns its result; takes what `start_child_workflow` takes. Raises `ChildWorkflowError` when it
    ends otherwise."""
    return await (await start_child_workflow(workflow, arg, **options))


_PARENT_CLOSE_POLICIES = {
    ParentClosePolicy.UNSPECIFIED: "terminate",
    ParentClosePolicy.TERMINATE: "terminate",
    ParentClosePolicy.ABANDON: "abandon",
    ParentClosePolicy.REQUEST_CANCEL: "request-cancel",
}


def encode_memo(memo: Mapping[str, Any] | None) -> Fields:
    """A memo as payloads, in the order of its names."""
    to_payload = current.run().converter.to_payload
    return {name: to_payload(value) for name, value in sorted((memo or {}).items())}


def encode_attributes(attributes: TypedSearchAttributes | Mapping[str, Sequence[Any]] | None) -> Fields:
    """Search attributes of either form as payloads, in the order of their names."""
    if attributes is None:
        return {}
    if isinstance(attributes, TypedSearchAttributes):
        return dict(sorted(encode_typed_search_attributes(attributes).items()))
    return dict(sorted(encode_search_attributes(attributes).items()))
