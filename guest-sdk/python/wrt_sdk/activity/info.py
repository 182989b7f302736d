"""Facts about an attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..common import Priority, RetryPolicy


@dataclass(frozen=True)
class Info:
    """Facts about an attempt."""

    activity_id: str
    activity_type: str
    #: 1 for the first attempt.
    attempt: int
    #: The details of the last heartbeat of the attempts before.
    heartbeat_details: Sequence[Any]
    heartbeat_timeout: timedelta | None
    #: The same for every attempt of this activity and for no other one: what makes its effects happen once.
    idempotency_key: str
    start_to_close_timeout: timedelta | None
    #: When the attempt has begun.
    started_time: datetime
    task_queue: str
    workflow_id: str
    workflow_namespace: str
    workflow_run_id: str
    workflow_type: str
    #: False: a guest is not told.
    is_local: bool = False
    #: None: a guest is not told.
    scheduled_time: datetime | None = None
    #: None: a guest is not told.
    current_attempt_scheduled_time: datetime | None = None
    #: None: a guest is not told.
    schedule_to_close_timeout: timedelta | None = None
    #: None: a guest is not told.
    retry_policy: RetryPolicy | None = None
    priority: Priority = field(default_factory=Priority)

    @property
    def namespace(self) -> str:
        """The same as `workflow_namespace`."""
        return self.workflow_namespace

    @property
    def task_token(self) -> NoReturn:
        """Raises `RuntimeError`: it would be for completing the activity from elsewhere."""
        raise RuntimeError(NO_ASYNC_COMPLETION)


NO_ASYNC_COMPLETION = (
    "an activity in a component cannot be completed from elsewhere: its call ends with its attempt. "
    "Let the workflow wait for a signal or an update instead"
)
