"""Values between the generated classes and those of this package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..common import Priority, RetryPolicy
from ..converter.payload import Payload
from ..runtime.host import Fields

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_payloads(types: Any, payloads: list[Payload]) -> list[Any]:
    return [to_payload(types, payload) for payload in payloads]


def to_payload(types: Any, payload: Payload) -> Any:
    return types.Payload(metadata=sorted(payload.metadata.items()), data=payload.data)


def from_payloads(payloads: list[Any]) -> list[Payload]:
    return [from_payload(payload) for payload in payloads]


def from_payload(payload: Any) -> Payload:
    return Payload({name: bytes(value) for name, value in payload.metadata}, bytes(payload.data))


def to_fields(types: Any, fields: Fields) -> list[Any]:
    return [(name, to_payload(types, payload)) for name, payload in sorted(fields.items())]


def from_fields(fields: list[Any]) -> Fields:
    return {name: from_payload(payload) for name, payload in fields}


def to_duration(types: Any, span: timedelta | None) -> Any:
    """Raises `ValueError` for what does not fit."""
    if span is None:
        return None
    seconds = span.days * 86400 + span.seconds
    if not 0 <= seconds < 1 << 32:
        raise ValueError(f"a span of {span} does not fit: it has to be between 0 and {(1 << 32) - 1} seconds")
    return types.Duration(seconds=seconds, nanos=span.microseconds * 1000)


def from_duration(duration: Any) -> timedelta | None:
    return None if duration is None else timedelta(seconds=duration.seconds, microseconds=duration.nanos // 1000)


def from_timestamp(timestamp: Any) -> datetime:
    return EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def to_retry_policy(types: Any, policy: RetryPolicy | None) -> Any:
    if policy is None:
        return None
    return types.RetryPolicy(
        initial_interval=to_duration(types, policy.initial_interval),
        backoff_coefficient=float(policy.backoff_coefficient),
        maximum_interval=to_duration(types, policy.maximum_interval),
        maximum_attempts=policy.maximum_attempts,
        non_retryable_error_types=list(policy.non_retryable_error_types or ()),
    )


def from_retry_policy(policy: Any) -> RetryPolicy | None:
    if policy is None:
        return None
    return RetryPolicy(
        initial_interval=from_duration(policy.initial_interval) or timedelta(seconds=1),
        backoff_coefficient=policy.backoff_coefficient or 2.0,
        maximum_interval=from_duration(policy.maximum_interval),
        maximum_attempts=policy.maximum_attempts,
        non_retryable_error_types=list(policy.non_retryable_error_types) or None,
    )


def to_priority(types: Any, priority: Priority | None) -> Any:
    if priority is None:
        return None
    return types.Priority(priority.priority_key or 0, priority.fairness_key or "", priority.fairness_weight or 0.0)


def from_priority(priority: Any) -> Priority | None:
    if priority is None:
        return None
    return Priority(priority.priority_key or None, priority.fairness_key or None, priority.fairness_weight or None)
