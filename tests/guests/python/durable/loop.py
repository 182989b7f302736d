"""An asyncio event loop that waits durably: its timers are timers of the run, and it never blocks.

Everything of asyncio that needs no thread and no socket works on it: tasks, futures, queues, `gather`, `TaskGroup`,
`timeout`, and `sleep`, which survives a crash of the server here.
"""

import asyncio
import collections
import contextvars
import time
from collections.abc import Callable
from typing import Any

from wit_world.imports import timer
from wit_world.imports.types import Duration


class DurableTimerHandle(asyncio.TimerHandle):
    """A callback that waits for the timer with this sequence number."""

    __slots__ = ("seq",)


class WorkflowLoop(asyncio.AbstractEventLoop):
    """The event loop of one run. It runs only inside `run_until_idle`."""

    def __init__(self) -> None:
        self._ready: collections.deque[asyncio.Handle] = collections.deque()
        self._timers: dict[int, DurableTimerHandle] = {}
        self._error: BaseException | None = None

    def run_until_idle(self) -> None:
        """Runs callbacks, in order, until all that is left waits for a later activation.

        Raises the first error that a callback raised: nobody else would ever see it.
        """
        asyncio._set_running_loop(self)
        try:
            while self._ready and self._error is None:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            asyncio._set_running_loop(None)
        if self._error is not None:
            raise self._error

    def timer_fired(self, seq: int) -> None:
        """Makes the callback of a timer ready."""
        self._ready.append(self._timers.pop(seq))

    # === AbstractEventLoop ===

    def time(self) -> float:
        return time.monotonic()

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = DurableTimerHandle(self.time() + delay, callback, args, self, context)
        handle.seq = timer.start(duration(delay), None)
        self._timers[handle.seq] = handle
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time(), callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: DurableTimerHandle) -> None:
        if self._timers.pop(handle.seq, None) is not None:
            timer.cancel(handle.seq)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **options)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self._error = self._error or context.get("exception") or RuntimeError(context["message"])

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False


def duration(seconds: float) -> Duration:
    """A span of the contract, to the microsecond, at least zero. Raises `ValueError` when it exceeds 136 years."""
    micros = max(0, round(seconds * 1_000_000))
    whole, rest = divmod(micros, 1_000_000)
    if whole >= 1 << 32:
        raise ValueError(f"wait for {seconds} s: the longest wait is {(1 << 32) - 1} s")
    return Duration(seconds=whole, nanos=rest * 1000)
