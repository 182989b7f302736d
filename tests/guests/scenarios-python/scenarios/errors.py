"""Failures, as programs see and raise them."""

import asyncio
from typing import Any

from wrt_sdk import exceptions
from wrt_sdk.exceptions import ApplicationError, FailureError, RetryState


class Bug(Exception):
    """An error that is no failure."""


class Return(BaseException):
    """Ends the program with a result."""

    def __init__(self, value: Any) -> None:
        self.value = value


def is_caught(error: BaseException) -> bool:
    """Whether `catch` takes it: failures and cancellations."""
    return isinstance(error, (FailureError, asyncio.CancelledError))


def describe(error: BaseException | None) -> dict[str, Any] | None:
    """What `$error` is."""
    if error is None:
        return None
    if isinstance(error, exceptions.WorkflowAlreadyStartedError) or is_own_cancellation(error):
        return describe(error.__cause__)
    kind, failure_type, details = _facts(error)
    message = error.message if isinstance(error, FailureError) else str(error)
    described: dict[str, Any] = {"kind": kind, "message": message, "type": failure_type}
    if details:
        described["details"] = list(details)
    return {**described, "cause": describe(error.__cause__)}


def _facts(error: BaseException) -> tuple[str, str | None, Any]:
    match error:
        case ApplicationError():
            return "application", error.type, error.details
        case exceptions.ActivityError():
            return "activity", error.activity_type, ()
        case exceptions.ChildWorkflowError():
            return "child", error.workflow_type, ()
        case exceptions.TimeoutError():
            name = error.type.name if error.type is not None else ""
            return "timeout", "".join(word.capitalize() for word in name.split("_")), error.last_heartbeat_details
        case exceptions.CancelledError():
            return "canceled", None, error.details
        case asyncio.CancelledError():
            return "canceled", None, ()
        case exceptions.TerminatedError():
            return "terminated", None, ()
        case _:
            return "server", None, ()


def is_own_cancellation(error: BaseException) -> bool:
    """Whether the SDK ended the wait itself, rather than the activity or the child, which would have come as a failure."""
    return (
        isinstance(error, (exceptions.ActivityError, exceptions.ChildWorkflowError))
        and error.failure is None
        and error.retry_state is RetryState.CANCEL_REQUESTED
    )


def application_error(given: dict[str, Any]) -> ApplicationError:
    """The failure that `fail` describes, with its causes."""
    error = ApplicationError(
        given["message"],
        *(given.get("details") or ()),
        type=given.get("type"),
        non_retryable=given.get("non_retryable") or False,
    )
    if given.get("cause") is not None:
        error.__cause__ = application_error(given["cause"])
    return error
