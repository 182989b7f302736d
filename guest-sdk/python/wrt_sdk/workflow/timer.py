"""Time, and waiting for it or for something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ..runtime import current
from ..runtime.loop import timer_summary

T = TypeVar("T")


def now() -> datetime:
    """The time of the workflow task, in UTC. It stands still while the task runs."""
    return current.run().time


def time() -> float:
    """The same, in seconds since 1970."""
    return now().timestamp()


def time_ns() -> int:
    """The same, in nanoseconds since 1970."""
    return int(now().timestamp() * 1_000_000) * 1000


async def sleep(duration: float | timedelta, *, summary: str | None = None) -> None:
    """Waits durably, in seconds when it is a number. `summary` is one line for people."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    token = timer_summary.set(summary)
    try:
        waiting = _Sleep(seconds)
    finally:
        timer_summary.reset(token)
    await waiting


class _Sleep(asyncio.Future[None]):
    """A timer of the run. Cancelling it cancels the timer at once."""

    def __init__(self, seconds: float) -> None:
        loop = current.run().loop
        super().__init__(loop=loop)
        self._handle = loop.call_later(seconds, self._fire)

    def _fire(self) -> None:
        if not self.done():
            self.set_result(None)

    def cancel(self, msg: Any | None = None) -> bool:
        self._handle.cancel()
        return super().cancel(msg)


async def wait_condition(
    fn: Callable[[], bool], *, timeout: timedelta | float | None = None, timeout_summary: str | None = None
) -> None:
    """Waits until the function, which is called whenever something may have changed, returns true.

    A timeout, in seconds when it is a number, is a durable timer. Raises `asyncio.TimeoutError` when it has passed. A
    condition that holds at once starts none.
    """
    run = current.run()
    run.check_writable()
    if fn():
        return
    held = run.loop.create_future()
    run.add_condition(fn, held)
    if timeout is None:
        await held
        return
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    token = timer_summary.set(timeout_summary)
    try:
        timer = run.loop.call_later(seconds, _time_out, held)
    finally:
        timer_summary.reset(token)
    try:
        await held
    finally:
        timer.cancel()


def _time_out(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(asyncio.TimeoutError())


# === asyncio's own, with an order that does not depend on addresses ===


async def wait(
    fs: Iterable[Any], *, timeout: float | None = None, return_when: str = asyncio.FIRST_COMPLETED
) -> tuple[list[Any], list[Any]]:
    """`asyncio.wait`, with lists in the order of the arguments instead of sets."""
    waited = _ordered(fs)
    done, _ = await asyncio.wait(waited, timeout=timeout, return_when=return_when)
    return [f for f in waited if f in done], [f for f in waited if f not in done]


def as_completed(fs: Iterable[Awaitable[T]], *, timeout: float | None = None) -> Iterator[Awaitable[T]]:
    """`asyncio.as_completed`, in an order that replays."""
    waiting = [asyncio.ensure_future(f) for f in _ordered(fs)]
    done: asyncio.Queue[Any] = asyncio.Queue()
    for future in waiting:
        future.add_done_callback(done.put_nowait)
    deadline = None if timeout is None else asyncio.get_running_loop().call_later(timeout, done.put_nowait, None)

    async def next_one() -> T:
        future = await done.get()
        if future is None:
            done.put_nowait(None)
            raise asyncio.TimeoutError
        return future.result()  # type: ignore[no-any-return]

    for _ in waiting:
        yield next_one()
    if deadline is not None:
        deadline.cancel()


def _ordered(fs: Iterable[Any]) -> list[Any]:
    """Without those that come twice. Raises `TypeError` for what is no collection."""
    if asyncio.isfuture(fs) or asyncio.iscoroutine(fs):
        raise TypeError(f"expect an iterable of futures, not {type(fs).__name__}")
    if isinstance(fs, (set, frozenset)):
        raise TypeError("a set has no order that replays: pass a list")
    return list(dict.fromkeys(fs))
