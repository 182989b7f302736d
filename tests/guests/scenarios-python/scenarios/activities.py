"""The activities that programs use."""

import time
from typing import Any

from wrt_sdk import activity
from wrt_sdk.exceptions import ApplicationError

from .errors import application_error


@activity.defn(name="Echo")
def echo(*arguments: Any) -> Any:
    """Returns its argument; several come back as a list, none as None."""
    return arguments[0] if len(arguments) == 1 else list(arguments) or None


@activity.defn(name="Fail")
def fail(failure: dict[str, Any]) -> None:
    """Fails as it is told."""
    raise application_error(failure)


@activity.defn(name="FailUntil")
def fail_until(attempts: int) -> int:
    """Fails before the given attempt."""
    attempt = activity.info().attempt
    if attempt < attempts:
        raise ApplicationError(f"attempt {attempt} of {attempts}", type="NotYet")
    return attempts


@activity.defn(name="Progress")
def progress(goal: int) -> int:
    """Goes one further than the attempt before, and fails until it is there."""
    details = activity.info().heartbeat_details
    reached = (details[0] if details else 0) + 1
    activity.heartbeat(reached)
    if reached < goal:
        raise ApplicationError(f"{reached} of {goal}", type="Halfway")
    return reached


@activity.defn(name="WaitForCancel")
def wait_for_cancel() -> None:
    """Waits to be asked to stop."""
    while True:
        activity.heartbeat()
        time.sleep(0.02)


@activity.defn(name="Describe")
def describe() -> dict[str, Any]:
    """What it is told about itself."""
    info = activity.info()
    return {
        "activity_type": info.activity_type,
        "attempt": info.attempt,
        "workflow_type": info.workflow_type,
        "task_queue": info.task_queue,
    }


@activity.defn(name="Slow")
def slow(milliseconds: int) -> None:
    """Takes its time."""
    time.sleep(milliseconds / 1000)
