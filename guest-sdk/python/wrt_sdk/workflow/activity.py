"""Activities that a workflow asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Any, TypedDict

from ..activity.definition import activity_name
from ..common import Priority, RetryPolicy
from ..converter.failure import Failure
from ..exceptions import ActivityError, CancelledError, RetryState
from ..runtime import current
from ..runtime.host import ActivityOptions
from ..runtime.jobs import Outcome
from .arguments import UNSET, arguments_of
from .versioning import VersioningIntent


class ActivityCancellationType(IntEnum):
    """What becomes of an activity when its wait is cancelled."""

    #: It is asked to stop, and the wait ends at once.
    TRY_CANCEL = 0
    #: It is asked to stop, and the wait goes on until it ends.
    WAIT_CANCELLATION_COMPLETED = 1
    #: It is told nothing, and the wait ends at once.
    ABANDON = 2


class ActivityConfig(TypedDict, total=False):
    """The options of `start_activity`, to be kept and spread with `**`."""

    task_queue: str | None
    schedule_to_close_timeout: timedelta | None
    schedule_to_start_timeout: timedelta | None
    start_to_close_timeout: timedelta | None
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy | None
    cancellation_type: ActivityCancellationType
    activity_id: str | None
    versioning_intent: VersioningIntent | None
    summary: str | None
    priority: Priority


class LocalActivityConfig(TypedDict, total=False):
    """The options of `start_local_activity`, to be kept and spread with `**`."""

    schedule_to_close_timeout: timedelta | None
    schedule_to_start_timeout: timedelta | None
    start_to_close_timeout: timedelta | None
    retry_policy: RetryPolicy | None
    local_retry_threshold: timedelta | None
    cancellation_type: ActivityCancellationType
    activity_id: str | None
    summary: str | None


class ActivityHandle(asyncio.Future[Any]):
    """An activity that was asked for: a future of its result.

    Cancelling it asks the activity to stop, as its cancellation type says. Then it ends with an `ActivityError` whose
    cause is a `CancelledError`.
    """

    def __init__(
        self, activity: str, options: ActivityOptions, cancellation_type: ActivityCancellationType, result_type: Any
    ) -> None:
        self._run = current.run()
        super().__init__(loop=self._run.loop)
        self._activity = activity
        self._options = options
        self._cancellation_type = cancellation_type
        self._result_type = result_type
        self._seq = 0
        self._cancel_requested = False

    def _schedule(self, input: list[Any], is_local: bool) -> None:
        host, payloads = self._run.host, self._run.converter.to_payloads(input)
        schedule = host.schedule_local_activity if is_local else host.schedule_activity
        self._seq = schedule(self._activity, payloads, self._options)
        self._run.waiting[self._seq] = self

    def cancel(self, msg: Any | None = None) -> bool:
        """Asks the activity to stop. Returns False when it has ended."""
        if self.done():
            return False
        if self._run.closed:
            return super().cancel(msg)
        if self._cancellation_type is not ActivityCancellationType.ABANDON and not self._cancel_requested:
            self._cancel_requested = True
            self._run.host.request_cancel_activity(self._seq)
        if self._cancellation_type is not ActivityCancellationType.WAIT_CANCELLATION_COMPLETED:
            error = ActivityError(
                "Activity cancelled",
                activity_type=self._activity,
                activity_id=self._options.activity_id or str(self._seq),
                retry_state=RetryState.CANCEL_REQUESTED,
            )
            error.__cause__ = CancelledError(str(msg) if msg else "Cancelled")
            self.set_exception(error)
        return True

    def resolve(self, outcome: Outcome) -> None:
        """Takes in how the activity ended. Does nothing when nobody waits any more."""
        if self.done():
            return
        try:
            if isinstance(outcome, Failure):
                self.set_exception(self._run.converter.from_failure(outcome))
            else:
                self.set_result(self._run.converter.result(outcome, self._result_type))
        except Exception as error:
            self.set_exception(error)


def start_activity(
    activity: Any,
    arg: Any = UNSET,
    *,
    args: Sequence[Any] = (),
    task_queue: str | None = None,
    result_type: Any = None,
    schedule_to_close_timeout: timedelta | None = None,
    schedule_to_start_timeout: timedelta | None = None,
    start_to_close_timeout: timedelta | None = None,
    heartbeat_timeout: timedelta | None = None,
    retry_policy: RetryPolicy | None = None,
    cancellation_type: ActivityCancellationType = ActivityCancellationType.TRY_CANCEL,
    activity_id: str | None = None,
    versioning_intent: VersioningIntent | None = None,
    summary: str | None = None,
    priority: Priority = Priority.default,
) -> ActivityHandle:
    """Asks for an activity and returns a handle to await. `start_to_close_timeout` or `schedule_to_close_timeout` has to
    be given."""
    if start_to_close_timeout is None and schedule_to_close_timeout is None:
        raise ValueError("Activity must have start_to_close_timeout or schedule_to_close_timeout")
    name, hint = activity_name(activity)
    if retry_policy is not None:
        retry_policy._validate()
    options = ActivityOptions(
        activity_id=activity_id,
        task_queue=task_queue,
        schedule_to_close_timeout=schedule_to_close_timeout,
        schedule_to_start_timeout=schedule_to_start_timeout,
        start_to_close_timeout=start_to_close_timeout,
        heartbeat_timeout=heartbeat_timeout,
        retry_policy=retry_policy,
        priority=None if priority == Priority.default else priority,
        summary=summary,
    )
    handle = ActivityHandle(name, options, cancellation_type, result_type or hint)
    handle._schedule(arguments_of(arg, args), is_local=False)
    return handle


async def execute_activity(activity: Any, arg: Any = UNSET, **options: Any) -> Any:
    """Runs an activity and returns its result; takes what `start_activity` takes. Raises `ActivityError` when it ends
    otherwise."""
    return await start_activity(activity, arg, **options)


def start_local_activity(
    activity: Any,
    arg: Any = UNSET,
    *,
    args: Sequence[Any] = (),
    result_type: Any = None,
    schedule_to_close_timeout: timedelta | None = None,
    schedule_to_start_timeout: timedelta | None = None,
    start_to_close_timeout: timedelta | None = None,
    retry_policy: RetryPolicy | None = None,
    local_retry_threshold: timedelta | None = None,
    cancellation_type: ActivityCancellationType = ActivityCancellationType.TRY_CANCEL,
    activity_id: str | None = None,
    summary: str | None = None,
) -> ActivityHandle:
    """Runs a short activity within the workflow task that asks for it. After a crash of the server it runs again.

    `schedule_to_start_timeout`, `local_retry_threshold` and `summary` have no effect: the server runs it itself, and no
    wait between two attempts becomes a timer.
    """
    if start_to_close_timeout is None and schedule_to_close_timeout is None:
        raise ValueError("Activity must have start_to_close_timeout or schedule_to_close_timeout")
    name, hint = activity_name(activity)
    if retry_policy is not None:
        retry_policy._validate()
    options = ActivityOptions(
        activity_id=activity_id,
        schedule_to_close_timeout=schedule_to_close_timeout,
        start_to_close_timeout=start_to_close_timeout,
        retry_policy=retry_policy,
    )
    handle = ActivityHandle(name, options, cancellation_type, result_type or hint)
    handle._schedule(arguments_of(arg, args), is_local=True)
    return handle


async def execute_local_activity(activity: Any, arg: Any = UNSET, **options: Any) -> Any:
    """Runs a local activity and returns its result; takes what `start_local_activity` takes."""
    return await start_local_activity(activity, arg, **options)


# An activity is named by its type, whether it is a function, a method or a class with `__call__`.
start_activity_method = start_activity_class = start_activity
execute_activity_method = execute_activity_class = execute_activity
start_local_activity_method = start_local_activity_class = start_local_activity
execute_local_activity_method = execute_local_activity_class = execute_local_activity
