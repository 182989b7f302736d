"""Compares each command with its event, as it is issued, and hands out the numbers that the runtime handed out."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..converter.failure import Failure
from ..converter.payload import Payload
from ..runtime.errors import NondeterminismError
from ..runtime.host import ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Fields
from ..runtime.jobs import ActivityResolved
from .history import Event, Turn, failure, payload
from .marks import Mark, local_activity

#: The search attribute that lists the patches of a run. The runtime sets it, not the workflow.
_CHANGE_VERSION = "TemporalChangeVersion"


@dataclass
class Open:
    """Something that the workflow waits for."""

    seq: int
    #: The id of the activity or of the child.
    id: str = ""
    #: The type of the activity or of the child.
    kind: str = ""


class Ledger:
    """The host of a replay. Raises `NondeterminismError` at the first command that differs from the history."""

    def __init__(self, task_queue: str, run_id: str) -> None:
        self._task_queue = task_queue
        self._run_id = run_id
        self._expected: deque[Event] = deque()
        self._next_event_id = 0
        self._seq = 0
        self._open: dict[int, Open] = {}
        self._canceled: set[int] = set()
        self._local_activities: set[int] = set()
        self._patches: dict[str, bool] = {}

    def begin(self, turn: Turn) -> None:
        """Begins the activation of a task."""
        # The next event is the task's `completed`, the one after it the first command's.
        self._next_event_id = turn.started.id + 2
        self._expected = deque(turn.commands)

    def end(self) -> None:
        """Ends it. An event that no command has become is a divergence."""
        self._skip_deprecated()
        if self._expected:
            raise NondeterminismError(f"the history has {_shown(self._expected[0])}, and the workflow issued nothing")

    def next_local_activity(self) -> ActivityResolved | None:
        """What the workflow is told next within the task: the history has the end of a local activity as its next
        command."""
        self._skip_deprecated()
        ended = local_activity(self._expected[0]) if self._expected else None
        if ended is None or ended.seq not in self._local_activities:
            return None
        self._local_activities.discard(ended.seq)
        self._skip()
        return ended

    def take(self, event_id: int) -> Open | None:
        """What this event has opened. It is open no longer."""
        return self._open.pop(event_id, None)

    def at(self, event_id: int) -> Open | None:
        """What this event has opened. It stays open."""
        return self._open.get(event_id)

    # === Comparing ===

    def _skip(self) -> None:
        self._expected.popleft()
        self._next_event_id += 1

    def _skip_deprecated(self, patch_id: str | None = None) -> None:
        """The mark of a patch that is deprecated may be there although the workflow does not speak of it any more."""
        while self._expected and (mark := Mark.of(self._expected[0])) and mark.deprecated and mark.id != patch_id:
            self._skip()

    def _compare(self, kind: str, /, **facts: tuple[str, Any]) -> int:
        """Compares a decision with the next event: each fact is a path in it and what should be there."""
        self._skip_deprecated()
        issued = f"{kind} {', '.join(f'{name} {value}' for name, (_, value) in facts.items())}"
        if not self._expected:
            raise NondeterminismError(f"the workflow issued {issued}, and the history has nothing there")
        event = self._expected.popleft()
        if event.kind != kind:
            raise NondeterminismError(f"the history has {_shown(event)}, and the workflow issued {issued}")
        for name, (path, value) in facts.items():
            recorded = _recorded(event, path, value)
            if recorded != value:
                raise NondeterminismError(
                    f"{_shown(event)}: the {name} is {_text(recorded)} in the history, and the workflow says {_text(value)}"
                )
        event_id, self._next_event_id = self._next_event_id, self._next_event_id + 1
        return event_id

    def _opened(self, kind: str, id: str = "", name: str = "", /, **facts: tuple[str, Any]) -> int:
        event_id = self._compare(kind, **facts)
        self._seq += 1
        self._open[event_id] = Open(self._seq, id, name)
        return self._seq

    def _find(self, seq: int) -> tuple[int, Open] | None:
        return next(((event_id, open) for event_id, open in self._open.items() if open.seq == seq), None)

    # === Host ===

    def schedule_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        id = options.activity_id or str(self._seq + 1)
        return self._opened(
            "ACTIVITY_TASK_SCHEDULED",
            id,
            activity_type,
            id=("activityId", id),
            type=("activityType.name", activity_type),
            queue=("taskQueue.name", options.task_queue or self._task_queue),
            input=("input", input),
        )

    def schedule_local_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        self._seq += 1
        self._local_activities.add(self._seq)
        return self._seq

    def request_cancel_activity(self, seq: int) -> None:
        if (found := self._find(seq)) and seq not in self._canceled:
            self._canceled.add(seq)
            self._compare("ACTIVITY_TASK_CANCEL_REQUESTED", activity=("scheduledEventId", str(found[0])))

    def start_timer(self, micros: int, summary: str | None) -> int:
        id = str(self._seq + 1)
        span = timedelta(microseconds=micros)
        return self._opened("TIMER_STARTED", id, id=("timerId", id), timeout=("startToFireTimeout", span))

    def cancel_timer(self, seq: int) -> None:
        if found := self._find(seq):
            del self._open[found[0]]
            self._compare("TIMER_CANCELED", id=("timerId", found[1].id))

    def start_child_workflow(self, workflow_type: str, input: list[Payload], options: ChildWorkflowOptions) -> int:
        id = options.workflow_id or f"{self._run_id}_{self._seq + 1}"
        return self._opened(
            "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
            id,
            workflow_type,
            id=("workflowId", id),
            type=("workflowType.name", workflow_type),
            input=("input", input),
        )

    def request_cancel_child_workflow(self, seq: int, reason: str) -> None:
        if (found := self._find(seq)) and seq not in self._canceled:
            self._canceled.add(seq)
            self._request_cancel(found[1].id)

    def _request_cancel(self, workflow_id: str) -> int:
        kind = "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED"
        return self._compare(kind, workflow=("workflowExecution.workflowId", workflow_id))

    def signal_child_workflow(self, seq: int, signal_name: str, input: list[Payload]) -> int:
        found = self._find(seq)
        return self.signal_external_workflow(found[1].id if found else "", "", signal_name, input)

    def signal_external_workflow(self, workflow_id: str, run_id: str, signal_name: str, input: list[Payload]) -> int:
        return self._opened(
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            workflow=("workflowExecution.workflowId", workflow_id),
            signal=("signalName", signal_name),
            input=("input", input),
        )

    def request_cancel_external_workflow(self, workflow_id: str, run_id: str, reason: str) -> int:
        event_id = self._request_cancel(workflow_id)
        self._seq += 1
        self._open[event_id] = Open(self._seq)
        return self._seq

    def accept_update(self, update_id: str) -> None:
        self._compare("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", update=("protocolInstanceId", update_id))

    def reject_update(self, update_id: str, reason: Failure) -> None:
        raise NondeterminismError(f"the workflow rejects update {update_id}, which it has accepted in the history")

    def complete_update(self, update_id: str, outcome: list[Payload] | Failure) -> None:
        path = "outcome.failure" if isinstance(outcome, Failure) else "outcome.success"
        self._compare(
            "WORKFLOW_EXECUTION_UPDATE_COMPLETED", update=("meta.updateId", update_id), outcome=(path, outcome)
        )

    def patched(self, patch_id: str) -> bool:
        if patch_id not in self._patches:
            self._patches[patch_id] = self._take_mark(patch_id)
        return self._patches[patch_id]

    def deprecate_patch(self, patch_id: str) -> None:
        if patch_id not in self._patches:
            self._take_mark(patch_id)
        self._patches[patch_id] = True

    def _take_mark(self, patch_id: str) -> bool:
        """Whether this task has made the mark; then it has to be the next command."""
        if not any((mark := Mark.of(event)) and mark.id == patch_id for event in self._expected):
            return False
        self._skip_deprecated(patch_id)
        mark = Mark.of(self._expected[0])
        if mark is None or mark.id != patch_id:
            raise NondeterminismError(
                f"the history has {_shown(self._expected[0])}, and the workflow asks for {patch_id}"
            )
        self._skip()
        if self._expected and _CHANGE_VERSION in self._expected[0].fields("searchAttributes.indexedFields"):
            self._skip()
        return True

    def upsert_search_attributes(self, attributes: Fields) -> None:
        path = "searchAttributes.indexedFields"
        # The server writes down the types as they are registered.
        values = {name: Payload({"encoding": b"json/plain"}, value.data) for name, value in attributes.items()}
        self._compare("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", attributes=(path, values))

    def upsert_memo(self, fields: Fields) -> None:
        self._compare("WORKFLOW_PROPERTIES_MODIFIED", memo=("upsertedMemo.fields", fields))

    def complete(self, output: list[Payload]) -> None:
        self._compare("WORKFLOW_EXECUTION_COMPLETED", result=("result", output))

    def fail(self, failure: Failure) -> None:
        self._compare("WORKFLOW_EXECUTION_FAILED", failure=("failure", failure))

    def cancel(self, details: list[Payload]) -> None:
        self._compare("WORKFLOW_EXECUTION_CANCELED")

    def continue_as_new(self, input: list[Payload], options: ContinueAsNewOptions) -> None:
        self._compare("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", input=("input", input))

    def log(self, level: str, message: str, fields: list[tuple[str, str]]) -> None:
        """Each line was written when the run was new."""


def _recorded(event: Event, path: str, like: Any) -> Any:
    """What the event has there, in the form of the value that it is compared with. Failures are compared by their
    messages: stack traces differ from one Python to the next."""
    value = event.field(path)
    if isinstance(like, timedelta):
        return event.duration(path) or timedelta()
    if isinstance(like, list):
        return event.payloads(path)
    if path == "searchAttributes.indexedFields":
        return {
            name: Payload({"encoding": b"json/plain"}, payload(item).data)
            for name, item in sorted((value or {}).items())
        }
    if isinstance(like, dict):
        return {name: payload(item) for name, item in sorted((value or {}).items())}
    if isinstance(like, Failure):
        recorded = failure(value or {})
        same = [(link.message, link.info) for link in recorded.links()] == [(k.message, k.info) for k in like.links()]
        return like if same else recorded
    return "" if value is None else str(value)


def _shown(event: Event) -> str:
    return f"event {event.id} {event.kind}"


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, Payload) for item in value):
        return json.dumps([item.data.decode(errors="replace") for item in value])
    return str(value)
