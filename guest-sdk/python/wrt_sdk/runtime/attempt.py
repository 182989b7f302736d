"""Runs one attempt of an activity."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..activity.context import POLL_SECONDS, Attempt, entered
from ..activity.definition import Definition
from ..converter.payload import Payload
from .loop import BaseLoop


class ActivityLoop(BaseLoop):
    """An event loop that blocks: its timers are real waits."""

    def __init__(self, poll: Callable[[], None]) -> None:
        super().__init__()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = 0
        self._poll = poll

    def run_until_done(self, task: asyncio.Task[Any]) -> Any:
        """Blocks until the task is done, and returns its result."""
        with self._running():
            while not task.done():
                self._poll()
                if not self._ready:
                    self._sleep()
                self._take_timers()
                self._run_ready()
            return task.result()

    def _sleep(self) -> None:
        wait = POLL_SECONDS
        if self._timers:
            wait = min(wait, self._timers[0][0] - self.time())
        if wait > 0:
            time.sleep(wait)

    def _take_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self.time():
            self._ready.append(heapq.heappop(self._timers)[2])

    # === AbstractEventLoop ===

    def time(self) -> float:
        return time.monotonic()

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.time() + delay, callback, args, self, context)
        self._count += 1
        heapq.heappush(self._timers, (handle.when(), self._count, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timers = [timer for timer in self._timers if timer[2] is not handle]
        heapq.heapify(self._timers)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        from ..activity.log import logger

        logger.error(context["message"], exc_info=context.get("exception"))

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        # An activity may block, so the call itself is the best thread that there is.
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def execute(definition: Definition, attempt: Attempt, input: Sequence[Payload]) -> list[Payload]:
    """Runs the attempt and returns its result."""
    attempt.raises_on_cancel = not getattr(definition.function, "__wrt_no_cancel_exception__", False)
    with entered(attempt):
        function, arguments = definition.callable, definition.arguments(input, attempt.converter)
        result = function(*arguments)
        if inspect.iscoroutine(result):
            loop = ActivityLoop(lambda: _poll(attempt))  # type: ignore[abstract]
            attempt.task = loop.create_task(result)
            result = loop.run_until_done(attempt.task)
        return [attempt.converter.to_payload(result)]


def _poll(attempt: Attempt) -> None:
    if not attempt.is_cancelled and attempt.host.is_cancel_requested():
        attempt.cancel()
