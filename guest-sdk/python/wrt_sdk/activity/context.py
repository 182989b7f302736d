"""What an attempt can ask and tell the runtime while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ..converter.data import DataConverter
from ..converter.encodings import PayloadConverter
from ..exceptions import CancelledError
from ..runtime.host_activity import ActivityHost
from .info import NO_ASYNC_COMPLETION, Info

#: How often an attempt that waits asks whether it is to stop, in seconds.
POLL_SECONDS = 0.2


@dataclass
class Attempt:
    """The attempt that is running."""

    info: Info
    host: ActivityHost
    converter: DataConverter
    #: The task of an `async` activity, which a request to stop cancels.
    task: asyncio.Task[Any] | None = None
    raises_on_cancel: bool = True
    shields: int = 0
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Takes in that the attempt is asked to stop. Raises `CancelledError` in an activity that is not `async`."""
        first, self.is_cancelled = not self.is_cancelled, True
        self.cancelled.set()
        if self.task is not None:
            if first:
                self.task.cancel()
        elif self.raises_on_cancel and not self.shields:
            raise CancelledError("Cancelled")


@dataclass(frozen=True)
class ActivityCancellationDetails:
    """Why the attempt is asked to stop. The contract tells no reason but a request."""

    not_found: bool = False
    cancel_requested: bool = False
    paused: bool = False
    timed_out: bool = False
    worker_shutdown: bool = False
    reset: bool = False


_attempt: Attempt | None = None


@contextmanager
def entered(attempt: Attempt) -> Iterator[None]:
    """Makes it the attempt that is running."""
    global _attempt
    before, _attempt = _attempt, attempt
    try:
        yield
    finally:
        _attempt = before


def _current() -> Attempt:
    if _attempt is None:
        raise RuntimeError("Not in activity context")
    return _attempt


def in_activity() -> bool:
    """Whether the code runs in an activity."""
    return _attempt is not None


def info() -> Info:
    """Facts about the attempt."""
    return _current().info


def idempotency_key() -> str:
    """The same for every attempt of this activity and for no other one: what makes its effects happen once."""
    return _current().info.idempotency_key


def heartbeat(*details: Any) -> None:
    """Says that the attempt is alive, with its progress, which the next attempt can read.

    An activity that is not `async` and is asked to stop gets a `CancelledError` raised here; an `async` one is cancelled at
    its next `await`.
    """
    attempt = _current()
    if attempt.host.heartbeat(attempt.converter.to_payloads(details)):
        attempt.cancel()


def is_cancelled() -> bool:
    """Whether the attempt is asked to stop."""
    attempt = _current()
    if not attempt.is_cancelled and attempt.host.is_cancel_requested():
        attempt.is_cancelled = True
        attempt.cancelled.set()
    return attempt.is_cancelled


def cancellation_details() -> ActivityCancellationDetails | None:
    """Why the attempt is asked to stop; None when it is not."""
    return ActivityCancellationDetails(cancel_requested=True) if is_cancelled() else None


async def wait_for_cancelled() -> None:
    """Waits until the attempt is asked to stop."""
    await _current().cancelled.wait()


def wait_for_cancelled_sync(timeout: float | Any = None) -> None:
    """Waits until the attempt is asked to stop, in seconds at most when there is a timeout."""
    seconds = timeout.total_seconds() if hasattr(timeout, "total_seconds") else timeout
    end = None if seconds is None else time.monotonic() + seconds
    while not is_cancelled() and (end is None or time.monotonic() < end):
        time.sleep(POLL_SECONDS if end is None else max(0.0, min(POLL_SECONDS, end - time.monotonic())))


@contextmanager
def shield_thread_cancel_exception() -> Iterator[None]:
    """Raises no cancellation within; one that came meanwhile is raised at the end."""
    attempt = _current()
    attempt.shields += 1
    try:
        yield
    finally:
        attempt.shields -= 1
    if attempt.is_cancelled:
        attempt.cancel()


def raise_complete_async() -> NoReturn:
    """Raises `RuntimeError`: an activity in a component cannot be completed from elsewhere."""
    raise RuntimeError(NO_ASYNC_COMPLETION)


def payload_converter() -> PayloadConverter:
    """The converter of payloads, without the codec."""
    return _current().converter.payload_converter


def is_worker_shutdown() -> bool:
    """False: there is no worker around a component."""
    return False


async def wait_for_worker_shutdown() -> None:
    """Waits for ever: there is no worker around a component."""
    await asyncio.Event().wait()


def wait_for_worker_shutdown_sync(timeout: float | Any = None) -> None:
    """Waits for the timeout: there is no worker around a component."""
    if timeout is None:
        raise RuntimeError("there is no worker around a component, so this would wait for ever: give a timeout")
    time.sleep(timeout.total_seconds() if hasattr(timeout, "total_seconds") else timeout)
