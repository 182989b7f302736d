"""Activities of a test, and their attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .. import converter
from ..activity.context import Attempt
from ..activity.definition import Definition
from ..activity.info import Info
from ..common import RetryPolicy
from ..converter.failure import ActivityInfo, ApplicationInfo, CanceledInfo, Failure, TimeoutInfo
from ..converter.payload import Payload
from ..exceptions import RetryState, TimeoutType
from ..runtime.attempt import execute
from ..runtime.host import ActivityOptions
from ..runtime.jobs import ActivityResolved

if TYPE_CHECKING:
    from .run import TestRun


class OpenActivity:
    """An activity that has not ended. Its attempts happen at their end: what is cancelled before has done nothing."""

    def __init__(self, run: TestRun, seq: int, name: str, input: list[Payload], options: ActivityOptions) -> None:
        self._run = run
        self._world = run.world
        self._seq = seq
        self._name = name
        self._input = input
        self._options = options
        self._policy = options.retry_policy or RetryPolicy()
        self._attempt = 0
        self._heartbeat_details: list[Payload] = []
        self._scheduled_at = run.world.now
        self._cancel_requested = False
        self._prevent: Any = None

    def schedule_attempt(self, delay: timedelta) -> None:
        """Has the next attempt happen."""
        takes = self._world.durations.get(self._name, timedelta())
        limit = self._options.start_to_close_timeout
        timed_out = limit is not None and takes > limit
        self._prevent = self._world.plan(
            delay + (limit if timed_out and limit is not None else takes),
            lambda: self._time_out(TimeoutType.START_TO_CLOSE) if timed_out else self._happen(),
        )

    def cancel(self) -> None:
        """Asks it to stop."""
        self._cancel_requested = True
        self._prevent()
        failure = self._failure(RetryState.CANCEL_REQUESTED, Failure("canceled", CanceledInfo(), "Server"))
        self._world.soon(lambda: self._end(failure))

    def _happen(self) -> None:
        self._attempt += 1
        # One that is not there is a mistake of the test, and no failure.
        definition = Definition(self._name, self._world.activity(self._name))
        try:
            result = self._execute(definition)
        except Exception as error:
            self._failed(converter.default().to_failure(error))
        else:
            self._end(result)

    def _execute(self, definition: Definition) -> list[Payload]:
        info = Info(
            activity_id=self._options.activity_id or str(self._seq),
            activity_type=self._name,
            attempt=self._attempt,
            heartbeat_details=converter.default().from_payloads(self._heartbeat_details),
            heartbeat_timeout=self._options.heartbeat_timeout,
            idempotency_key=f"{self._run.info.run_id}/{self._seq}",
            start_to_close_timeout=self._options.start_to_close_timeout,
            started_time=self._world.now,
            task_queue=self._options.task_queue or self._run.info.task_queue,
            workflow_id=self._run.id,
            workflow_namespace=self._run.info.namespace,
            workflow_run_id=self._run.info.run_id,
            workflow_type=self._run.info.workflow_type,
        )
        return execute(definition, Attempt(info, self, converter.default()), self._input)

    # === ActivityHost ===

    def heartbeat(self, details: list[Payload]) -> bool:
        self._heartbeat_details = details
        return self._cancel_requested

    def is_cancel_requested(self) -> bool:
        return self._cancel_requested

    # === Ends ===

    def _time_out(self, kind: TimeoutType) -> None:
        self._attempt += 1
        name = "".join(word.capitalize() for word in kind.name.split("_"))
        info = TimeoutInfo(kind, self._heartbeat_details)
        self._failed(Failure(f"activity {name} timeout", info, "Server"))

    def _failed(self, failure: Failure) -> None:
        info, delay = failure.info, self._next_delay(failure)
        state = None
        if isinstance(info, ApplicationInfo) and (
            info.non_retryable or info.failure_type in (self._policy.non_retryable_error_types or ())
        ):
            state = RetryState.NON_RETRYABLE_FAILURE
        elif self._policy.maximum_attempts and self._attempt >= self._policy.maximum_attempts:
            state = RetryState.MAXIMUM_ATTEMPTS_REACHED
        elif self._ends_before(delay):
            state = RetryState.TIMEOUT
        if state is None:
            self.schedule_attempt(delay)
        else:
            self._end(self._failure(state, failure))

    def _next_delay(self, failure: Failure) -> timedelta:
        if isinstance(failure.info, ApplicationInfo) and failure.info.next_retry_delay is not None:
            return failure.info.next_retry_delay
        longest = self._policy.maximum_interval or self._policy.initial_interval * 100
        seconds = self._policy.initial_interval.total_seconds()
        factor = self._policy.backoff_coefficient ** min(self._attempt - 1, 64)
        return min(longest, timedelta(seconds=min(seconds * factor, longest.total_seconds())))

    def _ends_before(self, delay: timedelta) -> bool:
        limit = self._options.schedule_to_close_timeout
        return limit is not None and self._world.now + delay > self._scheduled_at + limit

    def _failure(self, state: RetryState, cause: Failure) -> Failure:
        info = ActivityInfo(self._name, self._options.activity_id or str(self._seq), "", state)
        return Failure("activity error", info, "Server", cause=cause)

    def _end(self, outcome: list[Payload] | Failure) -> None:
        self._run.activity_ended(self._seq, ActivityResolved(self._seq, outcome))
