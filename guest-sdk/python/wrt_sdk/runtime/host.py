"""What a run asks of the runtime, in the words of the contract. Components and tests implement it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from ..common import Priority, RetryPolicy
from ..converter.failure import Failure
from ..converter.payload import Payload

#: Payloads by name.
Fields = dict[str, Payload]


@dataclass
class ActivityOptions:
    """How an activity is run; what is not set follows the server's rules."""

    activity_id: str | None = None
    task_queue: str | None = None
    schedule_to_close_timeout: timedelta | None = None
    schedule_to_start_timeout: timedelta | None = None
    start_to_close_timeout: timedelta | None = None
    heartbeat_timeout: timedelta | None = None
    retry_policy: RetryPolicy | None = None
    priority: Priority | None = None
    summary: str | None = None


@dataclass
class ChildWorkflowOptions:
    """How a child is run; what is not set follows the server's rules."""

    workflow_id: str | None = None
    task_queue: str | None = None
    execution_timeout: timedelta | None = None
    run_timeout: timedelta | None = None
    task_timeout: timedelta | None = None
    #: `terminate`, `abandon` or `request-cancel`.
    parent_close_policy: str = "terminate"
    #: `allow-duplicate`, `allow-duplicate-failed-only` or `reject-duplicate`.
    id_reuse_policy: str = "allow-duplicate"
    retry_policy: RetryPolicy | None = None
    cron_schedule: str | None = None
    memo: Fields = field(default_factory=dict)
    search_attributes: Fields = field(default_factory=dict)
    priority: Priority | None = None
    summary: str | None = None


@dataclass
class ContinueAsNewOptions:
    """How the run that follows differs; what is not set stays as it is."""

    workflow_type: str | None = None
    task_queue: str | None = None
    run_timeout: timedelta | None = None
    task_timeout: timedelta | None = None
    retry_policy: RetryPolicy | None = None
    memo: Fields | None = None
    search_attributes: Fields | None = None


class Host(Protocol):
    """The commands of the contract. Those that are answered later return a sequence number."""

    def schedule_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int: ...
    def schedule_local_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int: ...
    def request_cancel_activity(self, seq: int) -> None: ...
    def start_timer(self, micros: int, summary: str | None) -> int: ...
    def cancel_timer(self, seq: int) -> None: ...
    def start_child_workflow(self, workflow_type: str, input: list[Payload], options: ChildWorkflowOptions) -> int: ...
    def request_cancel_child_workflow(self, seq: int, reason: str) -> None: ...
    def signal_child_workflow(self, seq: int, signal_name: str, input: list[Payload]) -> int: ...
    def signal_external_workflow(
        self, workflow_id: str, run_id: str, signal_name: str, input: list[Payload]
    ) -> int: ...
    def request_cancel_external_workflow(self, workflow_id: str, run_id: str, reason: str) -> int: ...
    def accept_update(self, update_id: str) -> None: ...
    def reject_update(self, update_id: str, reason: Failure) -> None: ...
    def complete_update(self, update_id: str, outcome: list[Payload] | Failure) -> None: ...
    def patched(self, patch_id: str) -> bool: ...
    def deprecate_patch(self, patch_id: str) -> None: ...
    def upsert_search_attributes(self, attributes: Fields) -> None: ...
    def upsert_memo(self, fields: Fields) -> None: ...
    def complete(self, output: list[Payload]) -> None: ...
    def fail(self, failure: Failure) -> None: ...
    def cancel(self, details: list[Payload]) -> None: ...
    def continue_as_new(self, input: list[Payload], options: ContinueAsNewOptions) -> None: ...
    def log(self, level: str, message: str, fields: list[tuple[str, str]]) -> None: ...
