"""Checks that code still does what histories say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..runtime.jobs import Activation, Job
from ..runtime.run import Run
from ..workflow.definition import Definition
from . import jobs
from .history import Turn, WorkflowHistory
from .ledger import Ledger


@dataclass(frozen=True)
class WorkflowReplayResult:
    """What became of a replay."""

    history: WorkflowHistory
    #: None when the code does what the history says.
    replay_failure: Exception | None


class Replayer:
    """Replays histories natively, against the code as it is now.

    ```python
    history = WorkflowHistory.from_json("order-1", path.read_text())  # wrt workflow show -w order-1 -o json
    await Replayer(workflows=[OrderWorkflow]).replay_workflow(history)
    ```

    A workflow that asks Python's own clock or dice, and not `workflow.now()` and `workflow.random()`, does not replay
    natively when its commands depend on the answer. In its component it does: `wrt workflow replay` shows that.
    """

    def __init__(self, *, workflows: Sequence[type], namespace: str = "default", **without_effect: Any) -> None:
        if not workflows:
            raise ValueError("At least one workflow must be specified")
        self._definitions = {definition.name: definition for definition in map(Definition.of, workflows)}
        self._namespace = namespace

    async def replay_workflow(
        self, history: WorkflowHistory, *, raise_on_replay_failure: bool = True
    ) -> WorkflowReplayResult:
        """Replays one history. Raises `NondeterminismError`, which names the event, or whatever the code raises."""
        failure: Exception | None = None
        try:
            self.replay(history)
        except Exception as error:
            if raise_on_replay_failure:
                raise
            failure = error
        return WorkflowReplayResult(history, failure)

    async def workflow_replay_iterator(
        self, histories: Iterable[WorkflowHistory]
    ) -> AsyncIterator[WorkflowReplayResult]:
        """Replays histories, one after the other."""
        for history in histories:
            yield await self.replay_workflow(history, raise_on_replay_failure=False)

    def replay(self, history: WorkflowHistory) -> None:
        """The same as `replay_workflow`, for code that is not `async`."""
        first = history.events[0] if history.events else None
        if first is None or first.kind != "WORKFLOW_EXECUTION_STARTED":
            raise ValueError("the history does not begin with the start of a run")
        start = jobs.start(first, history.workflow_id, self._namespace)
        definition = self._definitions.get(start.info.workflow_type) or self._definitions.get(None)
        if definition is None:
            raise ValueError(f"the history is of the workflow type {start.info.workflow_type!r}, which is not given")
        ledger = Ledger(start.info.task_queue, start.info.run_id)
        run = Run(definition, start, ledger)
        told: list[Job] = [start]
        for turn in history.turns():
            _repeat(run, ledger, turn, told)
            told = []

    def __repr__(self) -> str:
        return f"Replayer({', '.join(map(str, self._definitions))})"


def _repeat(run: Run, ledger: Ledger, turn: Turn, told: list[Job]) -> None:
    """Does again what a completed task did."""
    ledger.begin(turn)
    told += [job for event in turn.happened if (job := jobs.job(ledger, event)) is not None]
    told += [update for event in turn.commands if (update := jobs.accepted_update(event)) is not None]
    while True:
        run.activate(
            Activation(
                time=turn.started.time,
                jobs=told,
                history_length=turn.started.id,
                history_size=turn.started.number("historySizeBytes"),
                continue_as_new_suggested=bool(turn.started.field("suggestContinueAsNew")),
            )
        )
        ended = ledger.next_local_activity()
        if ended is None:
            ledger.end()
            return
        told = [ended]
