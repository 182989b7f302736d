"""Workflows of a test, from outside. The names are those of Temporal's client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .. import converter
from ..converter.failure import Failure
from ..exceptions import CancelledError, TemporalError, TerminatedError, TimeoutError, TimeoutType
from ..runtime.jobs import CancelRequested, RelatedExecution, Signal, StartInfo, Update
from ..workflow.arguments import UNSET, arguments_of
from ..workflow.definition import handler_name, result_hint, workflow_name
from .host import Command
from .run import TestRun, UpdateState

if TYPE_CHECKING:
    from .world import World


class WorkflowFailureError(TemporalError):
    """The workflow did not complete; `cause` says why."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__("Workflow execution failed")
        self.__cause__ = cause


class WorkflowUpdateFailedError(TemporalError):
    """The update was rejected, or failed; `cause` says why."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__("Workflow update failed")
        self.__cause__ = cause


class UpdateHandle:
    """An update that the workflow has taken."""

    def __init__(self, world: World, state: UpdateState, id: str, result_type: Any) -> None:
        self._world = world
        self._state = state
        self._result_type = result_type
        #: Its id.
        self.id = id

    async def result(self) -> Any:
        """Waits for the answer. Raises `WorkflowUpdateFailedError` when there is none."""
        self._world.run_until(lambda: self._state.outcome is not None)
        outcome = self._state.outcome
        if isinstance(outcome, Failure):
            raise WorkflowUpdateFailedError(converter.default().from_failure(outcome))
        return converter.default().result(outcome or [], self._result_type)


class WorkflowHandle:
    """A workflow of a test."""

    def __init__(self, world: World, id: str, result_type: Any = None) -> None:
        self._world = world
        self._result_type = result_type
        self._updates = 0
        #: Its id.
        self.id = id

    @property
    def _run(self) -> TestRun:
        return self._world.runs[self.id]

    @property
    def run_id(self) -> str:
        """Its latest run."""
        return self._run.info.run_id

    @property
    def status(self) -> str:
        """`running`, `completed`, `failed`, `canceled`, `terminated` or `timed-out`."""
        return self._run.status or "running"

    @property
    def commands(self) -> Sequence[Command]:
        """What its latest run has decided so far."""
        return self._run.commands

    @property
    def instance(self) -> Any:
        """The object of the workflow's class."""
        return self._run.instance

    async def result(self) -> Any:
        """Lets time pass until the workflow has ended, and returns its result. Raises `WorkflowFailureError` when there is
        none, and what is no failure, a bug, as it is."""
        self._world.run_until(lambda: self._run.is_closed)
        status, result = self._run.status, self._run.result
        if status == "completed":
            return converter.default().result(result, self._result_type)  # type: ignore[arg-type]
        if isinstance(result, Failure):
            raise WorkflowFailureError(converter.default().from_failure(result))
        if status == "canceled":
            raise WorkflowFailureError(CancelledError("Workflow cancelled"))
        if status == "timed-out":
            raise WorkflowFailureError(TimeoutError("Workflow timed out", type=TimeoutType.START_TO_CLOSE))
        raise WorkflowFailureError(TerminatedError("Workflow terminated"))

    async def signal(self, signal: Any, arg: Any = UNSET, *, args: Sequence[Any] = ()) -> None:
        """Signals it."""
        name, payloads = handler_name(signal, "signal"), self._payloads(arg, args)
        self._run.deliver(Signal(name, payloads))

    async def query(self, query: Any, arg: Any = UNSET, *, args: Sequence[Any] = (), result_type: Any = None) -> Any:
        """Asks it, also after its end."""
        name, hint = handler_name(query, "query"), None if isinstance(query, str) else result_hint(query)
        return converter.default().result(self._run.query(name, self._payloads(arg, args)), result_type or hint)

    async def execute_update(self, update: Any, arg: Any = UNSET, **options: Any) -> Any:
        """Updates it and returns the answer; takes what `start_update` takes."""
        return await (await self.start_update(update, arg, **options)).result()

    async def start_update(
        self,
        update: Any,
        arg: Any = UNSET,
        *,
        args: Sequence[Any] = (),
        id: str | None = None,
        result_type: Any = None,
        wait_for_stage: Any = None,
    ) -> UpdateHandle:
        """Updates it. Raises `WorkflowUpdateFailedError` when the update is rejected."""
        name, hint = handler_name(update, "update"), None if isinstance(update, str) else result_hint(update)
        self._updates += 1
        update_id = id or f"update-{self._updates}"
        state = self._run.update(Update(update_id, name, self._payloads(arg, args)))
        self._world.run_until(lambda: state.accepted or state.outcome is not None)
        handle = UpdateHandle(self._world, state, update_id, result_type or hint)
        if not state.accepted:
            await handle.result()
        return handle

    async def cancel(self, reason: str = "") -> None:
        """Asks it to cancel itself."""
        self._run.deliver(CancelRequested(reason))

    async def terminate(self, *args: Any, reason: str | None = None) -> None:
        """Ends it."""
        self._run.end_from_outside("terminated")

    def _payloads(self, arg: Any, args: Sequence[Any]) -> Any:
        return converter.default().to_payloads(arguments_of(arg, args))


class Client:
    """Starts workflows of a test."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._started = 0

    async def start_workflow(
        self,
        workflow: Any,
        arg: Any = UNSET,
        *,
        args: Sequence[Any] = (),
        id: str | None = None,
        task_queue: str = "test",
        result_type: Any = None,
        execution_timeout: timedelta | None = None,
        run_timeout: timedelta | None = None,
        memo: Any = None,
        search_attributes: Any = None,
        start_signal: str | None = None,
        start_signal_args: Sequence[Any] = (),
        cron_schedule: str = "",
        **without_effect: Any,
    ) -> WorkflowHandle:
        """Starts a workflow, whose first task runs when time next passes."""
        from ..converter.search_attributes import encode_typed_search_attributes

        name, hint = workflow_name(workflow)
        self._started += 1
        workflow_id, run_id = id or f"workflow-{self._started}", self._world.new_run_id()
        to_payloads = converter.default().to_payloads
        info = StartInfo(
            workflow_type=name,
            workflow_id=workflow_id,
            run_id=run_id,
            namespace="default",
            task_queue=task_queue,
            start_time=self._world.now,
            first_execution_run_id=run_id,
            root=RelatedExecution("default", workflow_id, run_id),
            execution_timeout=execution_timeout,
            run_timeout=run_timeout,
            cron_schedule=cron_schedule or None,
            memo={key: converter.default().to_payload(value) for key, value in sorted((memo or {}).items())},
            search_attributes=encode_typed_search_attributes(search_attributes) if search_attributes else {},
        )
        jobs: Any = [Signal(start_signal, to_payloads(start_signal_args))] if start_signal is not None else []
        self._world.start(info, to_payloads(arguments_of(arg, args)), jobs=jobs)
        return WorkflowHandle(self._world, workflow_id, result_type or hint)

    async def execute_workflow(self, workflow: Any, arg: Any = UNSET, **options: Any) -> Any:
        """Runs a workflow to its end; takes what `start_workflow` takes."""
        return await (await self.start_workflow(workflow, arg, **options)).result()

    def get_workflow_handle(self, workflow_id: str, **without_effect: Any) -> WorkflowHandle:
        """A workflow that was started, also as a child."""
        return WorkflowHandle(self._world, workflow_id)
