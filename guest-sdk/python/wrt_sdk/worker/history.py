"""Histories as protobuf's JSON has them, and the turns that they are made of."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..common import Priority, RetryPolicy
from ..converter.failure import (
    ActivityInfo,
    ApplicationInfo,
    CanceledInfo,
    ChildWorkflowInfo,
    Failure,
    FailureInfo,
    ServerInfo,
    TerminatedInfo,
    TimeoutInfo,
)
from ..converter.payload import Payload
from ..exceptions import RetryState, TimeoutType
from ..runtime.host import Fields

#: Events that commands become.
COMMAND_EVENTS = frozenset(
    {
        "ACTIVITY_TASK_SCHEDULED",
        "ACTIVITY_TASK_CANCEL_REQUESTED",
        "TIMER_STARTED",
        "TIMER_CANCELED",
        "MARKER_RECORDED",
        "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
        "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
        "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
        "WORKFLOW_PROPERTIES_MODIFIED",
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
        "WORKFLOW_EXECUTION_COMPLETED",
        "WORKFLOW_EXECUTION_FAILED",
        "WORKFLOW_EXECUTION_CANCELED",
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
    }
)


@dataclass(frozen=True)
class WorkflowHistory:
    """The history of a run, as `wrt workflow show -o json` and Temporal's tools print it."""

    workflow_id: str
    events: Sequence[Event]

    @staticmethod
    def from_json(workflow_id: str, history: str | Mapping[str, Any]) -> WorkflowHistory:
        """Reads a history. Raises `ValueError` for what is none."""
        read = json.loads(history) if isinstance(history, str) else history
        events = read.get("events") if isinstance(read, Mapping) else None
        if not isinstance(events, list):
            raise ValueError(
                "a history is an object with a list of `events`: print one with `wrt workflow show -o json`"
            )
        return WorkflowHistory(workflow_id, [Event(event) for event in events])

    def turns(self) -> list[Turn]:
        """The completed tasks, in order. What one that failed should have seen belongs to the next that completes."""
        turns: list[Turn] = []
        events = list(self.events)
        while True:
            at = next((i for i, event in enumerate(events) if event.kind == "WORKFLOW_TASK_COMPLETED"), None)
            if at is None:
                return turns
            happened, completed, rest = events[:at], events[at], events[at + 1 :]
            started_id = completed.number("startedEventId")
            started = next((event for event in reversed(happened) if event.id == started_id), None)
            if started is None:
                raise ValueError(
                    f"event {completed.id} completes the task that event {started_id} started, which is not there"
                )
            count = next((i for i, event in enumerate(rest) if event.kind not in COMMAND_EVENTS), len(rest))
            turns.append(Turn(started, happened, rest[:count]))
            events = rest[count:]


@dataclass(frozen=True)
class Turn:
    """A completed task: what had happened, and what the workflow decided."""

    started: Event
    happened: Sequence[Event]
    commands: Sequence[Event]


class Event:
    """One event."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.id = int(event.get("eventId") or 0)
        kind = event.get("eventType")
        if not isinstance(kind, str) or not kind.startswith("EVENT_TYPE_"):
            raise ValueError(
                f"event {self.id} has no type of the form EVENT_TYPE_…: print the history as protobuf's JSON"
            )
        #: Without `EVENT_TYPE_`.
        self.kind = kind.removeprefix("EVENT_TYPE_")
        self.time = timestamp(event.get("eventTime") or "1970-01-01T00:00:00Z")
        attributes = [value for name, value in event.items() if name.endswith("EventAttributes")]
        self._attributes: Mapping[str, Any] = attributes[0] if attributes else {}

    def __repr__(self) -> str:
        return f"event {self.id} {self.kind}"

    def field(self, path: str) -> Any:
        """A field of the attributes, by names with dots between them; None when it is not there."""
        found: Any = self._attributes
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def text(self, path: str) -> str:
        """Empty when it is not set."""
        return self.field(path) or ""

    def number(self, path: str) -> int:
        """0 when it is not set. 64-bit numbers are text in protobuf's JSON."""
        return int(self.field(path) or 0)

    def duration(self, path: str) -> timedelta | None:
        """None when it is not set, or zero."""
        return duration(self.field(path))

    def payloads(self, path: str) -> list[Payload]:
        """Empty when it is not set."""
        return payloads(self.field(path))

    def fields(self, path: str) -> Fields:
        """Named payloads."""
        return {name: payload(value) for name, value in sorted((self.field(path) or {}).items())}

    def failure(self, path: str) -> Failure | None:
        """None when it is not set."""
        value = self.field(path)
        return failure(value) if value else None

    def retry_policy(self, path: str) -> RetryPolicy | None:
        """None when it is not set."""
        value = self.field(path)
        if not value:
            return None
        return RetryPolicy(
            initial_interval=duration(value.get("initialInterval")) or timedelta(seconds=1),
            backoff_coefficient=value.get("backoffCoefficient") or 2.0,
            maximum_interval=duration(value.get("maximumInterval")),
            maximum_attempts=int(value.get("maximumAttempts") or 0),
            non_retryable_error_types=value.get("nonRetryableErrorTypes") or None,
        )

    def priority(self) -> Priority | None:
        """None when it is not set."""
        value = self.field("priority")
        if not value:
            return None
        return Priority(value.get("priorityKey"), value.get("fairnessKey"), value.get("fairnessWeight"))

    @property
    def retry_state(self) -> RetryState:
        """Why nothing tries again."""
        return retry_state(self.field("retryState"))


# === Values ===


def timestamp(text: str) -> datetime:
    """RFC 3339, with up to nine digits after the second."""
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    text = re.sub(r"\.(\d+)", lambda digits: "." + digits[1].ljust(6, "0"), text)
    return datetime.fromisoformat(text).astimezone(UTC)


def duration(text: Any) -> timedelta | None:
    """`3.5s`; nothing and zero both mean "not set"."""
    if not text:
        return None
    whole, _, fraction = text.removesuffix("s").partition(".")
    span = timedelta(seconds=int(whole), microseconds=int(fraction[:6].ljust(6, "0") or 0))
    return span or None


def payload(value: Mapping[str, Any]) -> Payload:
    metadata = {name: base64.b64decode(text) for name, text in (value.get("metadata") or {}).items()}
    return Payload(metadata, base64.b64decode(value.get("data") or ""))


def payloads(value: Any) -> list[Payload]:
    return [payload(item) for item in (value or {}).get("payloads") or ()]


def retry_state(value: Any) -> RetryState:
    return RetryState[(value or "RETRY_STATE_UNSPECIFIED").removeprefix("RETRY_STATE_")]


def failure(value: Mapping[str, Any]) -> Failure:
    cause = value.get("cause")
    return Failure(
        message=value.get("message") or "",
        info=_info(value),
        source=value.get("source") or "",
        stack_trace=value.get("stackTrace") or "",
        cause=failure(cause) if cause else None,
    )


def _info(value: Mapping[str, Any]) -> FailureInfo:
    if "timeoutFailureInfo" in value:
        info = value["timeoutFailureInfo"]
        kind = (info.get("timeoutType") or "TIMEOUT_TYPE_START_TO_CLOSE").removeprefix("TIMEOUT_TYPE_")
        return TimeoutInfo(TimeoutType[kind], payloads(info.get("lastHeartbeatDetails")))
    if "canceledFailureInfo" in value:
        return CanceledInfo(payloads(value["canceledFailureInfo"].get("details")))
    if "terminatedFailureInfo" in value:
        return TerminatedInfo()
    if "serverFailureInfo" in value:
        return ServerInfo(bool(value["serverFailureInfo"].get("nonRetryable")))
    if "activityFailureInfo" in value:
        info = value["activityFailureInfo"]
        name = (info.get("activityType") or {}).get("name") or ""
        state = retry_state(info.get("retryState"))
        return ActivityInfo(name, info.get("activityId") or "", info.get("identity") or "", state)
    if "childWorkflowExecutionFailureInfo" in value:
        info = value["childWorkflowExecutionFailureInfo"]
        name = (info.get("workflowType") or {}).get("name") or ""
        execution = info.get("workflowExecution") or {}
        state = retry_state(info.get("retryState"))
        return ChildWorkflowInfo(name, execution.get("workflowId") or "", execution.get("runId") or "", state)
    info = value.get("applicationFailureInfo") or {}
    return ApplicationInfo(
        info.get("type") or "",
        bool(info.get("nonRetryable")),
        payloads(info.get("details")),
        duration(info.get("nextRetryDelay")),
    )
