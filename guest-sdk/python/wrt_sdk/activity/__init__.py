"""What activities are written with. The names are those of Temporal's SDK for Python."""

from .context import (
    ActivityCancellationDetails,
    cancellation_details,
    heartbeat,
    idempotency_key,
    in_activity,
    info,
    is_cancelled,
    is_worker_shutdown,
    payload_converter,
    raise_complete_async,
    shield_thread_cancel_exception,
    wait_for_cancelled,
    wait_for_cancelled_sync,
    wait_for_worker_shutdown,
    wait_for_worker_shutdown_sync,
)
from .definition import defn, register
from .info import Info
from .log import LoggerAdapter, logger, metric_meter

__all__ = [
    "ActivityCancellationDetails",
    "Info",
    "LoggerAdapter",
    "cancellation_details",
    "defn",
    "heartbeat",
    "idempotency_key",
    "in_activity",
    "info",
    "is_cancelled",
    "is_worker_shutdown",
    "logger",
    "metric_meter",
    "payload_converter",
    "raise_complete_async",
    "register",
    "shield_thread_cancel_exception",
    "wait_for_cancelled",
    "wait_for_cancelled_sync",
    "wait_for_worker_shutdown",
    "wait_for_worker_shutdown_sync",
]
