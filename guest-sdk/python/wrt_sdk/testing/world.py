"""The runtime's part in a test: the clock, what will happen, and the workflows that it happens to."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..activity import definition as activities
from ..converter.payload import Payload
from ..runtime.jobs import Job, StartInfo
from ..workflow.definition import Definition
from .run import TestRun

#: Far above what a test needs; what comes so far goes round in circles.
MAXIMUM_EVENTS = 100_000


class World:
    """Everything that a test knows."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        #: By workflow id, the latest run of each.
        self.runs: dict[str, TestRun] = {}
        self.activities: dict[str, Callable[..., Any]] = {}
        self.durations: dict[str, timedelta] = {}
        self.children: dict[str, Callable[..., Any]] = {}
        self.patches: dict[str, bool] = {}
        self.log: list[tuple[str, str, dict[str, str]]] = []
        #: Ids of workflows outside of the test that can be reached.
        self.reachable: set[str] = set()
        #: What such workflows were told: their id, `signal` or `cancel`, the name or the reason, the input.
        self.told: list[tuple[str, str, str, list[Payload]]] = []
        self.suggest_continue_as_new_after: int | None = None
        self._plan: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = 0
        self._run_ids = 0

    # === Planning ===

    def plan(self, delay: timedelta, action: Callable[[], None]) -> Callable[[], None]:
        """Has something happen later; returns the function that prevents it."""
        self._planned += 1
        entry = (self.now + delay, self._planned, action)
        heapq.heappush(self._plan, entry)

        def prevent() -> None:
            if entry in self._plan:
                self._plan.remove(entry)
                heapq.heapify(self._plan)

        return prevent

    def soon(self, action: Callable[[], None]) -> None:
        """Has something happen at this time, after what is planned for it already."""
        self.plan(timedelta(), action)

    def step(self, until: datetime | None = None) -> bool:
        """Lets the next thing happen, unless it lies behind `until`; False when there is none."""
        if not self._plan or (until is not None and self._plan[0][0] > until):
            return False
        at, _, action = heapq.heappop(self._plan)
        self.now = max(self.now, at)
        action()
        return True

    def run_until(self, done: Callable[[], bool]) -> None:
        """Lets things happen until it is done. Raises `RuntimeError` when nothing happens any more."""
        for _ in range(MAXIMUM_EVENTS):
            if done():
                return
            if not self.step():
                waiting = [f"{run.info.workflow_type} {run.id}" for run in self.runs.values() if not run.is_closed]
                raise RuntimeError(
                    f"nothing happens any more, and these still wait: {', '.join(waiting) or 'none'}. "
                    "Send a signal or an update, or cancel them"
                )
        raise RuntimeError(f"{MAXIMUM_EVENTS} things have happened, and there is no end to it")

    def settle(self) -> None:
        """Lets everything happen that is due now."""
        self.advance(timedelta())

    def advance(self, delay: timedelta) -> None:
        """Lets time pass, and everything happen that is due meanwhile."""
        until = self.now + delay
        while self.step(until):
            pass
        self.now = until

    # === Workflows ===

    def start(
        self, info: StartInfo, input: list[Payload], parent: Any = None, jobs: list[Job] | None = None
    ) -> TestRun:
        """Starts a run of the definition that has its type."""
        definition = Definition.find(info.workflow_type)
        run = self.runs[info.workflow_id] = TestRun(self, definition, info, input, parent, jobs or [])
        self.soon(run.begin)
        return run

    def new_run_id(self) -> str:
        """The id of another run."""
        self._run_ids += 1
        return f"run-{self._run_ids}"

    def activity(self, activity_type: str) -> Callable[..., Any]:
        """The mock of an activity, or else the activity itself."""
        if (mock := self.activities.get(activity_type)) is not None:
            return mock
        return activities.Definition.find(activity_type).callable
