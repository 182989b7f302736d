"""Signals, queries and updates: who takes them, and which of them are at work."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import traces
from ..converter.payload import Payload
from ..exceptions import ApplicationError, is_cancelled_exception
from ..workflow.continue_as_new import ContinueAsNewError
from ..workflow.definition import Handler, HandlerUnfinishedPolicy
from . import current
from .jobs import Update

if TYPE_CHECKING:
    from .run import Run


@dataclass(frozen=True)
class UpdateInfo:
    """The update that the code belongs to."""

    id: str
    name: str


#: The update whose handler is running.
current_update: ContextVar[UpdateInfo | None] = ContextVar("current_update", default=None)


class UnknownQuery(Exception):
    """Its text says all, so it goes without a stack trace."""


class Handlers:
    """The handlers of one run. The key None stands for the one that takes all others."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.signals: dict[str | None, Handler] = dict(run.definition.signals)
        self.queries: dict[str | None, Handler] = dict(run.definition.queries)
        self.updates: dict[str | None, Handler] = dict(run.definition.updates)
        #: Signals that nobody has taken, and the streams that take them.
        self.mailboxes: dict[str, deque[list[Payload]]] = {}
        self._unknown_updates: list[Update] = []
        self._at_work: dict[int, tuple[str, str, Handler]] = {}
        self._begun = 0

    # === Signals ===

    def signal(self, name: str, input: list[Payload]) -> None:
        """Hands a signal to its handler, or keeps it."""
        handler = self.signals.get(name) or self.signals.get(None)
        if handler is None:
            self.mailboxes.setdefault(name, deque()).append(input)
            return
        try:
            arguments = handler.call_arguments(self._run.instance, name, input, self._run.converter)
        except Exception as error:
            self._run.log("warn", "signal dropped: its input does not fit", [("signal", name), ("error", str(error))])
            return
        self._begin("signal", name, handler, self._run_signal(handler, arguments))

    async def _run_signal(self, handler: Handler, arguments: Sequence[Any]) -> None:
        try:
            result = handler.function(*arguments)
            if inspect.isawaitable(result):
                await result
        except asyncio.CancelledError as error:
            if self._run.cancellation_reason is None:
                self._run.log("warn", "signal handler cancelled", [("error", str(error))])
        except (Exception, ContinueAsNewError) as error:
            self._run.fail_by_handler(error)

    def drain(self, name: str | None) -> None:
        """Hands the signals that were kept to the handler that has just been set."""
        for waiting in [name] if name is not None else sorted(self.mailboxes):
            for input in self.mailboxes.pop(waiting, ()):
                self.signal(waiting, input)

    # === Updates ===

    def update(self, update: Update) -> None:
        """Accepts an update, or rejects it. One that nobody takes waits for the end of the step: the workflow may be
        about to set a handler."""
        if not self._unknown_updates and self._take(update):
            return
        self._unknown_updates.append(update)

    def retry_unknown_updates(self) -> None:
        """Looks again, after the workflow has gone on."""
        taken = False
        while self._unknown_updates and self._take(self._unknown_updates[0]):
            del self._unknown_updates[0]
            taken = True
        if taken and not self._run.closed:
            self._run.loop.run_until_idle()

    def reject_unknown_updates(self) -> None:
        """Turns away what is left at the end of an activation."""
        left, self._unknown_updates = self._unknown_updates, []
        for update in left:
            if self._run.closed:
                error = ApplicationError("the workflow has just ended", type="WorkflowClosed", non_retryable=True)
            else:
                known = ", ".join(sorted(name for name in self.updates if name is not None)) or "none"
                error = ApplicationError(
                    f"unknown update {update.name!r}: the workflow takes {known}",
                    type="UnknownUpdate",
                    non_retryable=True,
                )
            self._run._host.reject_update(update.update_id, self._run.converter.to_failure(error))

    def _take(self, update: Update) -> bool:
        handler = self.updates.get(update.name) or self.updates.get(None)
        if handler is None or self._run.closed or self._run.instance is None:
            return False
        info = UpdateInfo(update.update_id, update.name)
        host, converter = self._run._host, self._run.converter
        token = current_update.set(info)
        try:
            arguments = handler.call_arguments(self._run.instance, update.name, update.input, converter)
            if handler.validator is not None:
                self._run.read_only = True
                handler.validator(*arguments)
        except Exception as error:
            host.reject_update(update.update_id, converter.to_failure(error))
            return True
        finally:
            self._run.read_only = False
            current_update.reset(token)
        host.accept_update(update.update_id)
        self._begin("update", update.name, handler, self._run_update(info, handler, arguments))
        return True

    async def _run_update(self, info: UpdateInfo, handler: Handler, arguments: Sequence[Any]) -> None:
        current_update.set(info)
        host, converter = self._run._host, self._run.converter
        try:
            result = handler.function(*arguments)
            if inspect.isawaitable(result):
                result = await result
            outcome: Any = [converter.to_payload(result)]
        except BaseException as error:
            if not self._run.is_failure(error) and not is_cancelled_exception(error):
                raise
            outcome = converter.to_failure(error)
        if not self._run.closed:
            host.complete_update(info.id, outcome)

    # === Queries ===

    def query(self, name: str, input: list[Payload]) -> list[Payload]:
        """Answers a query. Raises `UnknownQuery` for one that nobody answers."""
        handler = self.queries.get(name) or self.queries.get(None)
        if handler is None:
            known = ", ".join(sorted(name for name in self.queries if name is not None)) or "none"
            raise UnknownQuery(f"unknown query {name!r}: the workflow answers {known}")
        run = self._run
        with current.entered(run):
            run.read_only = True
            try:
                arguments = handler.call_arguments(run.instance, name, input, run.converter)
                result = handler.function(*arguments)
                if inspect.iscoroutine(result):
                    from ..converter.codec import run_at_once

                    result = run_at_once(result)
                return [run.converter.to_payload(result)]
            finally:
                run.read_only = False

    # === At work ===

    @property
    def are_finished(self) -> bool:
        """True when no handler of a signal or an update is at work."""
        return not self._at_work

    def _begin(self, kind: str, name: str, handler: Handler, coroutine: Any) -> None:
        self._begun += 1
        key = self._begun
        self._at_work[key] = (kind, name, handler)
        task = self._run.loop.create_task(self._at_work_until_done(key, coroutine), name=f"{kind} {name}")
        task.add_done_callback(self._ended)

    async def _at_work_until_done(self, key: int, coroutine: Any) -> None:
        try:
            await coroutine
        finally:
            self._at_work.pop(key, None)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug: it fails the workflow task.
            raise error

    def warn_of_unfinished(self) -> None:
        """Says which handlers the end of the workflow cuts short."""
        names = [
            f"{kind} {name}"
            for kind, name, handler in self._at_work.values()
            if handler.unfinished_policy is HandlerUnfinishedPolicy.WARN_AND_ABANDON
        ]
        if names:
            self._run.log(
                "warn",
                "the workflow ended while handlers were at work: wait for all_handlers_finished before the end, or give "
                "them the policy HandlerUnfinishedPolicy.ABANDON",
                [("handlers", ", ".join(names))],
            )


def describe_error(error: BaseException) -> str:
    """The text that reaches the history: with the stack trace, unless it says all by itself."""
    if isinstance(error, UnknownQuery):
        return str(error)
    return traces.of_error(error)
