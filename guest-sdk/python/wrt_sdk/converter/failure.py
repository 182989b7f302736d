"""Between exceptions and the chains of failures that travel."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Union

from .. import exceptions, traces
from ..exceptions import RetryState, TimeoutType
from .encodings import PayloadConverter
from .payload import Payload

#: What this SDK is called where failures name theirs.
SOURCE = "wrt-sdk-python"


@dataclass
class ApplicationInfo:
    """User code raised it."""

    failure_type: str = ""
    non_retryable: bool = False
    details: list[Payload] = field(default_factory=list)
    next_retry_delay: timedelta | None = None


@dataclass
class TimeoutInfo:
    """Something took too long."""

    timeout_type: TimeoutType
    last_heartbeat_details: list[Payload] = field(default_factory=list)


@dataclass
class CanceledInfo:
    """Somebody wanted it to stop."""

    details: list[Payload] = field(default_factory=list)


@dataclass
class TerminatedInfo:
    """A workflow was ended from outside."""


@dataclass
class ServerInfo:
    """The runtime failed."""

    non_retryable: bool = False


@dataclass
class ActivityInfo:
    """Wraps whatever ended an activity."""

    activity_type: str
    activity_id: str
    identity: str
    retry_state: RetryState


@dataclass
class ChildWorkflowInfo:
    """Wraps whatever ended a child workflow."""

    workflow_type: str
    workflow_id: str
    run_id: str
    retry_state: RetryState


FailureInfo = Union[
    ApplicationInfo, TimeoutInfo, CanceledInfo, TerminatedInfo, ServerInfo, ActivityInfo, ChildWorkflowInfo
]


@dataclass
class Failure:
    """One link of a chain of causes."""

    message: str
    info: FailureInfo
    source: str = SOURCE
    stack_trace: str = ""
    cause: Failure | None = None

    def links(self) -> list[Failure]:
        """The chain, outermost first."""
        return [self] + (self.cause.links() if self.cause else [])


class FailureConverter(ABC):
    """Between exceptions and failures."""

    @abstractmethod
    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter) -> Failure:
        """The chain for an exception and its causes."""

    @abstractmethod
    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """The exception for a chain, with its causes."""


class DefaultFailureConverter(FailureConverter):
    """Keeps types, messages, details and stack traces."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter) -> Failure:
        if isinstance(exception, exceptions.FailureError) and exception.failure is not None:
            return exception.failure
        cause = exception.__cause__
        if isinstance(exception, exceptions.WorkflowAlreadyStartedError) and cause is not None:
            return self.to_failure(cause, payload_converter)
        return Failure(
            message=exception.message
            if isinstance(exception, exceptions.FailureError)
            else str(exception) or type(exception).__name__,
            info=_info(exception, payload_converter),
            stack_trace=traces.of_traceback(exception.__traceback__),
            cause=self.to_failure(cause, payload_converter) if cause is not None else None,
        )

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        exception = _exception(failure, payload_converter)
        exception._failure = failure
        if failure.cause is not None:
            exception.__cause__ = self.from_failure(failure.cause, payload_converter)
        return exception


def _info(exception: BaseException, converter: PayloadConverter) -> FailureInfo:
    if isinstance(exception, exceptions.ApplicationError):
        details = converter.to_payloads(exception.details) if exception.details else []
        return ApplicationInfo(exception.type or "", exception.non_retryable, details, exception.next_retry_delay)
    if isinstance(exception, exceptions.TimeoutError):
        details = converter.to_payloads(exception.last_heartbeat_details)
        return TimeoutInfo(exception.type or TimeoutType.START_TO_CLOSE, details)
    if isinstance(exception, exceptions.CancelledError):
        return CanceledInfo(converter.to_payloads(exception.details))
    if isinstance(exception, asyncio.CancelledError):
        return CanceledInfo()
    if isinstance(exception, exceptions.TerminatedError):
        return TerminatedInfo()
    if isinstance(exception, exceptions.ServerError):
        return ServerInfo(exception.non_retryable)
    if isinstance(exception, exceptions.ActivityError):
        return ActivityInfo(
            exception.activity_type,
            exception.activity_id,
            exception.identity,
            exception.retry_state or RetryState.UNSPECIFIED,
        )
    if isinstance(exception, exceptions.ChildWorkflowError):
        return ChildWorkflowInfo(
            exception.workflow_type,
            exception.workflow_id,
            exception.run_id,
            exception.retry_state or RetryState.UNSPECIFIED,
        )
    return ApplicationInfo(type(exception).__name__)


def _exception(failure: Failure, converter: PayloadConverter) -> exceptions.FailureError:
    info = failure.info
    if isinstance(info, ApplicationInfo):
        return exceptions.ApplicationError(
            failure.message,
            *converter.from_payloads(info.details),
            type=info.failure_type or None,
            non_retryable=info.non_retryable,
            next_retry_delay=info.next_retry_delay,
        )
    if isinstance(info, TimeoutInfo):
        details = converter.from_payloads(info.last_heartbeat_details)
        return exceptions.TimeoutError(
            failure.message or "Timeout", type=info.timeout_type, last_heartbeat_details=details
        )
    if isinstance(info, CanceledInfo):
        return exceptions.CancelledError(failure.message or "Cancelled", *converter.from_payloads(info.details))
    if isinstance(info, TerminatedInfo):
        return exceptions.TerminatedError(failure.message or "Terminated")
    if isinstance(info, ServerInfo):
        return exceptions.ServerError(failure.message or "Server error", info.non_retryable)
    if isinstance(info, ActivityInfo):
        return exceptions.ActivityError(
            failure.message or "Activity error",
            identity=info.identity,
            activity_type=info.activity_type,
            activity_id=info.activity_id,
            retry_state=info.retry_state,
        )
    return exceptions.ChildWorkflowError(
        failure.message or "Child workflow error",
        workflow_id=info.workflow_id,
        run_id=info.run_id,
        workflow_type=info.workflow_type,
        retry_state=info.retry_state,
    )
