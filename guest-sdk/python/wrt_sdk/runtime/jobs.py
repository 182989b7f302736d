"""What happens to a run, in the words of the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Union

from ..common import Priority, RetryPolicy
from ..converter.failure import Failure
from ..converter.payload import Payload
from .host import Fields

#: What a call to the outside gave: a result, or why there is none.
Outcome = Union["list[Payload]", Failure]


@dataclass(frozen=True)
class RelatedExecution:
    """A run of another workflow."""

    namespace: str
    workflow_id: str
    run_id: str


@dataclass
class StartInfo:
    """The facts about a run that never change."""

    workflow_type: str
    workflow_id: str
    run_id: str
    namespace: str
    task_queue: str
    start_time: datetime
    first_execution_run_id: str
    root: RelatedExecution
    parent: RelatedExecution | None = None
    attempt: int = 1
    execution_timeout: timedelta | None = None
    run_timeout: timedelta | None = None
    task_timeout: timedelta = timedelta(seconds=10)
    retry_policy: RetryPolicy | None = None
    cron_schedule: str | None = None
    memo: Fields = field(default_factory=dict)
    search_attributes: Fields = field(default_factory=dict)
    priority: Priority | None = None
    continued_run_id: str | None = None
    continued_failure: Failure | None = None
    last_completion_result: list[Payload] = field(default_factory=list)


@dataclass
class Start:
    info: StartInfo
    input: list[Payload]
    header: Fields = field(default_factory=dict)


@dataclass
class TimerFired:
    seq: int


@dataclass
class ActivityResolved:
    seq: int
    outcome: Outcome


@dataclass
class Signal:
    name: str
    input: list[Payload]


@dataclass
class Update:
    update_id: str
    name: str
    input: list[Payload]


@dataclass
class CancelRequested:
    reason: str


@dataclass
class ChildWorkflowStarted:
    """With the id of the run, or why it did not start."""

    seq: int
    outcome: str | Failure


@dataclass
class ChildWorkflowResolved:
    seq: int
    outcome: Outcome


@dataclass
class ExternalResolved:
    """None when it has arrived."""

    seq: int
    failure: Failure | None


Job = Union[
    Start,
    TimerFired,
    ActivityResolved,
    Signal,
    Update,
    CancelRequested,
    ChildWorkflowStarted,
    ChildWorkflowResolved,
    ExternalResolved,
]


@dataclass
class Activation:
    """What happened since the last one, and when it is."""

    time: datetime
    jobs: list[Job]
    history_length: int = 0
    history_size: int = 0
    continue_as_new_suggested: bool = False
