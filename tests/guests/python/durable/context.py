"""What a workflow can ask of the runtime."""

import asyncio
import collections
from datetime import timedelta
from typing import Any

from componentize_py_types import Err
from wit_world.exports.guest import Job, Job_ActivityResolved, Job_Signal, Job_TimerFired, Start, WorkflowInfo
from wit_world.imports import activity
from wit_world.imports.activity import ActivityOptions
from wit_world.imports.types import RetryPolicy

from . import failure, payload
from .loop import WorkflowLoop, duration


class Context:
    """The run as the workflow sees it, with the waits that a job of a later activation ends."""

    def __init__(self, start: Start, loop: WorkflowLoop) -> None:
        self.info: WorkflowInfo = start.info
        self._loop = loop
        self._activities: dict[int, asyncio.Future[Any]] = {}
        self._signals: dict[str, asyncio.Queue[Any]] = collections.defaultdict(asyncio.Queue)

    async def activity(
        self, activity_type: str, argument: Any, *, start_to_close: timedelta, maximum_attempts: int = 0
    ) -> Any:
        """Runs an activity and returns its result. Raises `Failure` when it ends otherwise."""
        seq = activity.schedule(
            activity_type, [payload.encode(argument)], activity_options(start_to_close, maximum_attempts)
        )
        resolved = self._activities[seq] = self._loop.create_future()
        try:
            return await resolved
        except asyncio.CancelledError:
            activity.request_cancel(seq)
            raise

    async def sleep(self, delay: timedelta) -> None:
        """Waits durably. `asyncio.sleep` does the same."""
        await asyncio.sleep(delay.total_seconds())

    async def signal(self, name: str) -> Any:
        """The argument of the next signal of this name. Signals wait in order for somebody who takes them."""
        return await self._signals[name].get()

    def resolve(self, job: Job) -> None:
        """Hands what happened to whoever waits for it."""
        match job:
            case Job_TimerFired(seq):
                self._loop.timer_fired(seq)
            case Job_Signal(signal):
                self._signals[signal.name].put_nowait(payload.decode_first(signal.input))
            case Job_ActivityResolved(resolution):
                self._resolve_activity(self._activities.pop(resolution.seq), resolution.output)

    def _resolve_activity(self, waiting: asyncio.Future[Any], output: Any) -> None:
        # Who canceled an activity waits for it no longer.
        if waiting.done():
            return
        if isinstance(output, Err):
            waiting.set_exception(failure.from_links(output.value))
        else:
            waiting.set_result(payload.decode_first(output.value))


def activity_options(start_to_close: timedelta, maximum_attempts: int) -> ActivityOptions:
    """Options of an activity of which most are left to the runtime."""
    return ActivityOptions(
        activity_id=None,
        task_queue=None,
        schedule_to_close_timeout=None,
        schedule_to_start_timeout=None,
        start_to_close_timeout=duration(start_to_close.total_seconds()),
        heartbeat_timeout=None,
        retry_policy=RetryPolicy(
            initial_interval=None,
            backoff_coefficient=None,
            maximum_interval=None,
            maximum_attempts=maximum_attempts,
            non_retryable_error_types=[],
        ),
        header=[],
        priority=None,
        summary=None,
    )
