"""One run: takes in what happened, goes as far as it can, and ends when its coroutine ends."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .. import converter, traces
from ..exceptions import FailureError, is_cancelled_exception
from ..workflow.definition import Definition
from ..workflow.dynamic import apply_config
from . import current
from .errors import ReadOnlyContextError
from .handlers import Handlers
from .host import Host
from .jobs import (
    Activation,
    ActivityResolved,
    CancelRequested,
    ChildWorkflowResolved,
    ChildWorkflowStarted,
    ExternalResolved,
    Job,
    Signal,
    Start,
    TimerFired,
    Update,
)
from .loop import WorkflowLoop


class Run:
    """The state of one run, which everything that the workflow calls comes back to."""

    def __init__(self, definition: Definition, start: Start, host: Host) -> None:
        self.definition = definition
        self.start = start
        self.info = start.info
        self.time: datetime = start.info.start_time
        self.history_length = 0
        self.history_size = 0
        self.continue_as_new_suggested = False
        self.cancellation_reason: str | None = None
        self.current_details = ""
        self.closed = False
        self.read_only = False
        self.memo = dict(start.info.memo)
        self.search_attributes = dict(start.info.search_attributes)
        self.instance: Any = None
        self.converter = converter.default()
        self.loop = WorkflowLoop(self)  # type: ignore[abstract] # asyncio uses a part of a loop
        self.waiting: dict[int, Any] = {}
        self.handlers = Handlers(self)
        self._host = host
        self._task: asyncio.Task[Any] | None = None
        self._failed_handler: BaseException | None = None
        self._conditions: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._seed = _seed(start.info.first_execution_run_id, start.info.continued_run_id or "")
        self.random = random.Random(self._seed)

    # === What happens ===

    def activate(self, activation: Activation) -> None:
        """Takes in what happened and goes as far as it can.

        Signals and updates that come first are there before the next step: those of a start before the first one. After
        each other job it goes as far as it can, so that of two things that happened the first one wins a race.
        """
        self.time = activation.time
        self.history_length = activation.history_length
        self.history_size = activation.history_size
        self.continue_as_new_suggested = activation.continue_as_new_suggested
        jobs = [job for job in activation.jobs if not isinstance(job, Start)]
        with current.entered(self):
            if self.instance is None:
                self._make_instance()
            first = next((i for i, job in enumerate(jobs) if not isinstance(job, (Signal, Update))), len(jobs))
            for job in jobs[:first]:
                self._deliver(job)
            self._advance()
            for job in jobs[first:]:
                self._deliver(job)
                self._advance()
            self.handlers.reject_unknown_updates()

    def _make_instance(self) -> None:
        arguments = self.definition.run.arguments(self.start.input, self.converter)
        self.instance = self.definition.cls(*arguments) if self.definition.init_takes_input else self.definition.cls()
        if self.definition.name is None:
            self.definition = apply_config(self.instance, self.definition)
        self._arguments = arguments

    def _advance(self) -> None:
        if self.closed:
            return
        if self._task is None:
            coroutine = self.definition.run.function(self.instance, *self._arguments)
            self._task = self.loop.create_task(coroutine, name="run")
        self.loop.run_until_idle()
        self.handlers.retry_unknown_updates()
        if self._failed_handler is not None:
            self._end(self._failed_handler)
        elif self._task.done():
            self._end(asyncio.CancelledError() if self._task.cancelled() else self._task.exception())

    def _deliver(self, job: Job) -> None:
        match job:
            case Update():
                self.handlers.update(job)
            case _ if self.closed:
                pass
            case TimerFired(seq):
                self.loop.timer_fired(seq)
            case Signal(name, input):
                self.handlers.signal(name, input)
            case CancelRequested(reason):
                self.cancellation_reason = reason
                assert self._task is not None
                self._task.cancel(reason or None)
            case ChildWorkflowStarted(seq, outcome):
                if (child := self.waiting.get(seq)) is not None:
                    child.child_started(outcome)
            case ActivityResolved(seq, outcome) | ChildWorkflowResolved(seq, outcome):
                if (waiting := self.waiting.pop(seq, None)) is not None:
                    waiting.resolve(outcome)
            case ExternalResolved(seq, failure):
                if (waiting := self.waiting.pop(seq, None)) is not None and not waiting.done():
                    if failure is None:
                        waiting.set_result(None)
                    else:
                        waiting.set_exception(self.converter.from_failure(failure))

    # === The end ===

    def _end(self, error: BaseException | None) -> None:
        """Ends the run. An error that is no failure is a bug: it is raised, and so fails only the workflow task."""
        from ..workflow.continue_as_new import ContinueAsNewError

        assert self._task is not None
        self.handlers.warn_of_unfinished()
        if error is None:
            self._close(lambda: self._host.complete([self.converter.to_payload(self._task.result())]))  # type: ignore
        elif isinstance(error, ContinueAsNewError):
            self._close(lambda: self._host.continue_as_new(error._input, error._options))
        elif self.cancellation_reason is not None and is_cancelled_exception(error):
            self._close(lambda: self._host.cancel([]))
        elif self.is_failure(error):
            self._close(lambda: self._host.fail(self.converter.to_failure(error)))
        else:
            raise error

    def _close(self, issue: Callable[[], None]) -> None:
        issue()
        self.closed = True
        for task in asyncio.all_tasks(self.loop):
            # What still waits is never told anything again.
            task._log_destroy_pending = False  # type: ignore[attr-defined]

    def is_failure(self, error: BaseException) -> bool:
        """Whether the error fails the run rather than the workflow task."""
        return isinstance(error, (FailureError, asyncio.TimeoutError, asyncio.CancelledError)) or isinstance(
            error, tuple(self.definition.failure_exception_types)
        )

    def fail_by_handler(self, error: BaseException) -> None:
        """A signal handler raised: it ends the run, as if its coroutine had raised."""
        self._failed_handler = self._failed_handler or error

    # === Commands ===

    @property
    def host(self) -> Host:
        """The runtime, for a command. Raises `ReadOnlyContextError` in queries and validators."""
        self.check_writable()
        return self._host

    def check_writable(self) -> None:
        """Raises `ReadOnlyContextError` in queries and validators."""
        if self.read_only:
            raise ReadOnlyContextError("While in read-only function, action attempted: commands are for handlers")

    def start_timer(self, micros: int, summary: str | None) -> int:
        """Starts a timer of the run."""
        if micros >= (1 << 32) * 1_000_000:
            raise ValueError(f"wait for {micros / 1e6} s: the longest wait is {(1 << 32) - 1} s")
        return self.host.start_timer(micros, summary)

    def cancel_timer(self, seq: int) -> None:
        """Cancels a timer that has not fired."""
        if not self.closed:
            self._host.cancel_timer(seq)

    def log(self, level: str, message: str, fields: list[tuple[str, str]]) -> None:
        """Writes a line of the run's log."""
        self._host.log(level, message, fields)

    def log_lost_exception(self, message: str, exception: BaseException | None) -> None:
        """Writes down an error that nobody has asked for."""
        if not self.closed:
            text = traces.of_error(exception) if exception is not None else ""
            self._host.log("error", message, [("error", text)] if text else [])

    # === Waiting ===

    @property
    def elapsed(self) -> float:
        """Seconds since the run has started."""
        return (self.time - self.info.start_time) / timedelta(seconds=1)

    def add_condition(self, condition: Callable[[], bool], future: asyncio.Future[None]) -> None:
        """The future is done once the condition holds."""
        self._conditions.append((condition, future))

    def check_conditions(self) -> bool:
        """Ends the waits whose condition holds; true when there was one."""
        held = False
        for waiting in list(self._conditions):
            condition, future = waiting
            try:
                holds = future.done() or condition()
            except Exception as error:
                # It is the error of who waits.
                self._conditions.remove(waiting)
                future.set_exception(error)
                held = True
                continue
            if holds:
                self._conditions.remove(waiting)
                if not future.done():
                    future.set_result(None)
                    held = True
        return held

    def new_random(self) -> random.Random:
        """Another sequence of the run."""
        return random.Random(self.random.getrandbits(128))


def _seed(*words: str) -> int:
    """The run's seed: the same when it is reset, so that a replay draws the same numbers. The sequence is a promise."""
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:16], "big")
