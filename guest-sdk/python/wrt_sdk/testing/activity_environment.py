"""Where activities are tested."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import converter
from ..activity.context import Attempt, entered
from ..activity.info import Info
from ..converter.payload import Payload
from ..runtime.attempt import ActivityLoop


class ActivityEnvironment:
    """Runs an activity natively, in an attempt of its own.

    ```python
    def test_progress():
        env = ActivityEnvironment()
        assert env.run(count_to, 3) == 3
        assert env.heartbeats == [(1,), (2,), (3,)]
    ```
    """

    def __init__(self, **info: Any) -> None:
        #: What `activity.info()` says. Its fields can be given to the constructor.
        self.info = replace(_INFO, **info)
        #: The details of each heartbeat.
        self.heartbeats: list[tuple[Any, ...]] = []
        #: Called with the details of each heartbeat.
        self.on_heartbeat: Callable[..., None] = lambda *details: None
        self._cancelled = False

    def cancel(self) -> None:
        """Asks the attempt to stop; it hears of it by its next heartbeat or wait."""
        self._cancelled = True

    def run(self, activity: Callable[..., Any], *args: Any) -> Any:
        """Runs the activity, `async` or not, and returns its result, or raises what it raises."""
        attempt = Attempt(self.info, self, converter.default())
        with entered(attempt):
            result = activity(*args)
            if not inspect.iscoroutine(result):
                return result
            loop = ActivityLoop(lambda: self._poll(attempt))  # type: ignore[abstract]
            attempt.task = loop.create_task(result)
            return loop.run_until_done(attempt.task)

    def _poll(self, attempt: Attempt) -> None:
        if self._cancelled and not attempt.is_cancelled:
            attempt.cancel()

    # === ActivityHost ===

    def heartbeat(self, details: list[Payload]) -> bool:
        values = tuple(converter.default().from_payloads(details))
        self.heartbeats.append(values)
        self.on_heartbeat(*values)
        return self._cancelled

    def is_cancel_requested(self) -> bool:
        return self._cancelled


_INFO = Info(
    activity_id="test",
    activity_type="unknown",
    attempt=1,
    heartbeat_details=[],
    heartbeat_timeout=None,
    idempotency_key="test/1",
    start_to_close_timeout=timedelta(seconds=1),
    started_time=datetime(2026, 1, 1, tzinfo=UTC),
    task_queue="test",
    workflow_id="test",
    workflow_namespace="default",
    workflow_run_id="test-run",
    workflow_type="test",
)
