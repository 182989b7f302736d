"""The event loop of one run: it waits durably, and never blocks."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class BaseLoop(asyncio.AbstractEventLoop):
    """What the loops of workflows and of activities share: a queue of callbacks that are ready."""

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Makes it the running loop, also within another one, as tests have it."""
        outer = asyncio._get_running_loop()
        # From 3.12 on a thread has one current task, whose place those of this loop need.
        swap = getattr(asyncio.tasks, "_swap_current_task", None) if outer is not None else None
        task = swap(outer, None) if swap is not None else None
        asyncio._set_running_loop(self)
        try:
            yield
        finally:
            asyncio._set_running_loop(outer)
            if swap is not None:
                swap(outer, task)

    def _run_ready(self) -> None:
        """Runs the callbacks that are ready now; those that become so meanwhile wait for the next round."""
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        # There are no threads in a component.
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time(), callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **options)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        raise RuntimeError("there are no threads in a component: call the function, or make it an activity")

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("there are no sockets in a component: activities reach out with wrt_sdk.http")

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("there are no sockets in a component: activities reach out with wrt_sdk.http")


class DurableTimerHandle(asyncio.TimerHandle):
    """A callback that waits for the timer with this sequence number; 0 when it needs none."""

    __slots__ = ("seq",)
    seq: int


#: One line for people beside the timers that are started while it is set.
timer_summary: contextvars.ContextVar[str | None] = contextvars.ContextVar("timer_summary", default=None)


class WorkflowLoop(BaseLoop):
    """Its timers are timers of the run. It runs only inside of `run_until_idle`.

    Everything of asyncio that needs no thread and no socket works on it, and `asyncio.sleep` survives a crash of the
    server.
    """

    def __init__(self, run: Any) -> None:
        super().__init__()
        self.run = run
        self._timers: dict[int, DurableTimerHandle] = {}
        self._error: BaseException | None = None

    def run_until_idle(self) -> None:
        """Runs callbacks, in order, until all that is left waits for a later activation.

        Raises the first error that a callback raised: nobody else would ever see it.
        """
        with self._running():
            while (self._ready or self.run.check_conditions()) and self._error is None:
                self._run_ready()
        if self._error is not None:
            raise self._error

    def timer_fired(self, seq: int) -> None:
        """Makes the callback of a timer ready. Does nothing for one that was cancelled."""
        if (handle := self._timers.pop(seq, None)) is not None:
            self._ready.append(handle)

    # === AbstractEventLoop ===

    def time(self) -> float:
        return float(self.run.elapsed)

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = DurableTimerHandle(self.time() + delay, callback, args, self, context)
        micros = round(delay * 1_000_000)
        if micros <= 0:
            handle.seq = 0
            self._ready.append(handle)
        else:
            handle.seq = self.run.start_timer(micros, timer_summary.get())
            self._timers[handle.seq] = handle
        return handle

    def _timer_handle_cancelled(self, handle: DurableTimerHandle) -> None:
        if self._timers.pop(handle.seq, None) is not None:
            self.run.cancel_timer(handle.seq)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        exception = context.get("exception")
        if "handle" in context:
            # A callback raised: the code that it belongs to cannot go on.
            self._error = self._error or exception or RuntimeError(context["message"])
            return
        self.run.log_lost_exception(context["message"], exception)
