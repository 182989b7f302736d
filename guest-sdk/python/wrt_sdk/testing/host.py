"""The runtime's side of one run: takes commands, and has the world act upon them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..converter.failure import Failure
from ..converter.payload import Payload
from ..runtime.host import ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Fields

if TYPE_CHECKING:
    from .run import TestRun


@dataclass
class Command:
    """What a workflow decided."""

    #: For instance `schedule-activity` or `start-timer`.
    kind: str
    #: The type of an activity or child, the name of a signal, the id of a patch or update.
    name: str = ""
    input: list[Payload] = field(default_factory=list)
    #: The options of the contract, for those commands that have some.
    options: Any = None
    #: 0 for commands that nothing answers.
    seq: int = 0
    #: The span of a timer.
    delay: timedelta | None = None


class TestHost:
    """Records commands, and tells the run that they came from."""

    __test__ = False

    def __init__(self, run: TestRun) -> None:
        self._run = run
        self._seq = 0

    def _issue(self, kind: str, name: str = "", numbered: bool = False, **facts: Any) -> int:
        seq = 0
        if numbered:
            self._seq = seq = self._seq + 1
        self._run.commands.append(Command(kind, name, seq=seq, **facts))
        return seq

    def schedule_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        seq = self._issue("schedule-activity", activity_type, True, input=input, options=options)
        self._run.schedule_activity(seq, activity_type, input, options)
        return seq

    def schedule_local_activity(self, activity_type: str, input: list[Payload], options: ActivityOptions) -> int:
        seq = self._issue("schedule-local-activity", activity_type, True, input=input, options=options)
        self._run.schedule_activity(seq, activity_type, input, options)
        return seq

    def request_cancel_activity(self, seq: int) -> None:
        self._issue("request-cancel-activity", str(seq))
        self._run.cancel_activity(seq)

    def start_timer(self, micros: int, summary: str | None) -> int:
        delay = timedelta(microseconds=micros)
        seq = self._issue("start-timer", summary or "", True, delay=delay)
        self._run.start_timer(seq, delay)
        return seq

    def cancel_timer(self, seq: int) -> None:
        self._issue("cancel-timer", str(seq))
        self._run.cancel_timer(seq)

    def start_child_workflow(self, workflow_type: str, input: list[Payload], options: ChildWorkflowOptions) -> int:
        seq = self._issue("start-child-workflow", workflow_type, True, input=input, options=options)
        self._run.start_child(seq, workflow_type, input, options)
        return seq

    def request_cancel_child_workflow(self, seq: int, reason: str) -> None:
        self._issue("request-cancel-child-workflow", str(seq))
        self._run.cancel_child(seq, reason)

    def signal_child_workflow(self, seq: int, signal_name: str, input: list[Payload]) -> int:
        number = self._issue("signal-child-workflow", signal_name, True, input=input)
        self._run.tell(number, self._run.child_id(seq), "signal", signal_name, input)
        return number

    def signal_external_workflow(self, workflow_id: str, run_id: str, signal_name: str, input: list[Payload]) -> int:
        seq = self._issue("signal-external-workflow", signal_name, True, input=input)
        self._run.tell(seq, workflow_id, "signal", signal_name, input)
        return seq

    def request_cancel_external_workflow(self, workflow_id: str, run_id: str, reason: str) -> int:
        seq = self._issue("request-cancel-external-workflow", workflow_id, True)
        self._run.tell(seq, workflow_id, "cancel", reason, [])
        return seq

    def accept_update(self, update_id: str) -> None:
        self._issue("accept-update", update_id)
        self._run.updates[update_id].accepted = True

    def reject_update(self, update_id: str, reason: Failure) -> None:
        self._run.updates[update_id].outcome = reason

    def complete_update(self, update_id: str, outcome: list[Payload] | Failure) -> None:
        self._issue("complete-update", update_id)
        self._run.updates[update_id].outcome = outcome

    def patched(self, patch_id: str) -> bool:
        self._issue("patched", patch_id)
        return self._run.world.patches.get(patch_id, True)

    def deprecate_patch(self, patch_id: str) -> None:
        self._issue("deprecate-patch", patch_id)

    def upsert_search_attributes(self, attributes: Fields) -> None:
        self._issue("upsert-search-attributes", options=attributes)

    def upsert_memo(self, fields: Fields) -> None:
        self._issue("upsert-memo", options=fields)

    def complete(self, output: list[Payload]) -> None:
        self._issue("complete", input=output)
        self._run.close("completed", output)

    def fail(self, failure: Failure) -> None:
        self._issue("fail")
        self._run.close("failed", failure)

    def cancel(self, details: list[Payload]) -> None:
        self._issue("cancel")
        self._run.close("canceled", None)

    def continue_as_new(self, input: list[Payload], options: ContinueAsNewOptions) -> None:
        self._issue("continue-as-new", options.workflow_type or "", input=input, options=options)
        self._run.continue_as_new(input, options)

    def log(self, level: str, message: str, fields: list[tuple[str, str]]) -> None:
        self._run.world.log.append((level, message, dict(fields)))
