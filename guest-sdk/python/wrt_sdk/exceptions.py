"""What can go wrong, as exceptions. A chain of failures is a chain of `__cause__`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .converter.failure import Failure

__all__ = [
    "ActivityError",
    "ApplicationError",
    "ApplicationErrorCategory",
    "CancelledError",
    "ChildWorkflowError",
    "FailureError",
    "RetryState",
    "ServerError",
    "TemporalError",
    "TerminatedError",
    "TimeoutError",
    "TimeoutType",
    "WorkflowAlreadyStartedError",
    "is_cancelled_exception",
]


class TemporalError(Exception):
    """The base of all errors of this package."""

    @property
    def cause(self) -> BaseException | None:
        """What led to this error."""
        return self.__cause__


class FailureError(TemporalError):
    """A failure: raised by a workflow it fails the run, whereas any other exception fails the workflow task only."""

    def __init__(
        self, message: str, *, failure: Failure | None = None, exc_args: tuple[Any, ...] | None = None
    ) -> None:
        super().__init__(*((message,) if exc_args is None else exc_args))
        self._message = message
        self._failure = failure

    @property
    def message(self) -> str:
        """What people read."""
        return self._message

    @property
    def failure(self) -> Failure | None:
        """The chain as it came over the wire, when it did."""
        return self._failure

    def __str__(self) -> str:
        return self._message


class ApplicationErrorCategory(IntEnum):
    """How much a failure matters to those who watch. It is not told to the server."""

    UNSPECIFIED = 0
    BENIGN = 1


class ApplicationError(FailureError):
    """A failure that user code raises on purpose."""

    def __init__(
        self,
        message: str,
        *details: Any,
        type: str | None = None,
        non_retryable: bool = False,
        next_retry_delay: timedelta | None = None,
        category: ApplicationErrorCategory = ApplicationErrorCategory.UNSPECIFIED,
    ) -> None:
        super().__init__(message, exc_args=(message if not type else f"{type}: {message}",))
        self._details = details
        self._type = type
        self._non_retryable = non_retryable
        self._next_retry_delay = next_retry_delay
        self._category = category

    @property
    def details(self) -> Sequence[Any]:
        """Values that travel with the failure."""
        return self._details

    @property
    def type(self) -> str | None:
        """The name that retry policies and handlers tell failures apart by."""
        return self._type

    @property
    def non_retryable(self) -> bool:
        """True when another attempt would be in vain."""
        return self._non_retryable

    @property
    def next_retry_delay(self) -> timedelta | None:
        """Overrides the wait that the retry policy would choose."""
        return self._next_retry_delay

    @property
    def category(self) -> ApplicationErrorCategory:
        """How much the failure matters."""
        return self._category

    def __str__(self) -> str:
        return str(self.args[0])


class CancelledError(FailureError):
    """Something was cancelled. The request itself arrives as `asyncio.CancelledError`."""

    def __init__(self, message: str = "Cancelled", *details: Any) -> None:
        super().__init__(message)
        self._details = details

    @property
    def details(self) -> Sequence[Any]:
        """What the cancelled side had to say."""
        return self._details


class TerminatedError(FailureError):
    """A workflow was ended from outside."""

    def __init__(self, message: str = "Terminated", *details: Any) -> None:
        super().__init__(message)
        self._details = details

    @property
    def details(self) -> Sequence[Any]:
        """Always empty: the contract has no room for them."""
        return self._details


class TimeoutType(IntEnum):
    """The timeout that ran out."""

    START_TO_CLOSE = 1
    SCHEDULE_TO_START = 2
    SCHEDULE_TO_CLOSE = 3
    HEARTBEAT = 4


class TimeoutError(FailureError):
    """Something took too long."""

    def __init__(self, message: str, *, type: TimeoutType | None, last_heartbeat_details: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self._type = type
        self._last_heartbeat_details = last_heartbeat_details

    @property
    def type(self) -> TimeoutType | None:
        """Which timeout it was."""
        return self._type

    @property
    def last_heartbeat_details(self) -> Sequence[Any]:
        """The details of the last heartbeat that arrived."""
        return self._last_heartbeat_details


class ServerError(FailureError):
    """The runtime failed, not user code."""

    def __init__(self, message: str, non_retryable: bool = False) -> None:
        super().__init__(message)
        self._non_retryable = non_retryable

    @property
    def non_retryable(self) -> bool:
        """True when another attempt would be in vain."""
        return self._non_retryable


class RetryState(IntEnum):
    """Why nothing tries again."""

    UNSPECIFIED = 0
    IN_PROGRESS = 1
    NON_RETRYABLE_FAILURE = 2
    TIMEOUT = 3
    MAXIMUM_ATTEMPTS_REACHED = 4
    RETRY_POLICY_NOT_SET = 5
    INTERNAL_SERVER_ERROR = 6
    CANCEL_REQUESTED = 7


class ActivityError(FailureError):
    """An activity ended without a result; `cause` says why."""

    def __init__(
        self,
        message: str,
        *,
        scheduled_event_id: int = 0,
        started_event_id: int = 0,
        identity: str = "",
        activity_type: str,
        activity_id: str,
        retry_state: RetryState | None,
    ) -> None:
        super().__init__(message)
        #: Always 0: a guest is not told event ids.
        self.scheduled_event_id = scheduled_event_id
        #: Always 0: a guest is not told event ids.
        self.started_event_id = started_event_id
        #: The worker that ran it, when that is known.
        self.identity = identity
        #: Its type.
        self.activity_type = activity_type
        #: Its id within the run.
        self.activity_id = activity_id
        #: Why nothing tries again.
        self.retry_state = retry_state


class ChildWorkflowError(FailureError):
    """A child workflow ended without a result, or did not start; `cause` says why."""

    def __init__(
        self,
        message: str,
        *,
        namespace: str = "",
        workflow_id: str,
        run_id: str,
        workflow_type: str,
        initiated_event_id: int = 0,
        started_event_id: int = 0,
        retry_state: RetryState | None,
    ) -> None:
        super().__init__(message)
        #: Its namespace, which is that of its parent.
        self.namespace = namespace
        #: Its id.
        self.workflow_id = workflow_id
        #: Its run, when it had started.
        self.run_id = run_id
        #: Its type.
        self.workflow_type = workflow_type
        #: Always 0: a guest is not told event ids.
        self.initiated_event_id = initiated_event_id
        #: Always 0: a guest is not told event ids.
        self.started_event_id = started_event_id
        #: Why nothing tries again.
        self.retry_state = retry_state


class WorkflowAlreadyStartedError(FailureError):
    """The id of a child is taken, or may not be used again."""

    def __init__(self, workflow_id: str, workflow_type: str, *, run_id: str | None = None) -> None:
        super().__init__("Workflow execution already started")
        #: The id that is taken.
        self.workflow_id = workflow_id
        #: The type that was to be started.
        self.workflow_type = workflow_type
        #: The run that has the id, when it is known.
        self.run_id = run_id


def is_cancelled_exception(exception: BaseException) -> bool:
    """True for a cancellation, also for one that an activity or a child ended with."""
    return isinstance(exception, (asyncio.CancelledError, CancelledError)) or (
        isinstance(exception, (ActivityError, ChildWorkflowError)) and isinstance(exception.cause, CancelledError)
    )
