"""Where workflows are tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..activity.definition import activity_name
from ..runtime.jobs import CancelRequested, Signal
from ..workflow.arguments import UNSET
from ..workflow.definition import handler_name, workflow_name
from .client import Client, WorkflowHandle
from .world import World


class WorkflowEnvironment:
    """Runs workflows natively. Time passes by itself when everything waits for it.

    ```python
    async def test_greeting():
        async with WorkflowEnvironment() as env:
            env.mock_activity("compose_greeting", lambda name: f"Hello, {name}!")
            assert await env.client.execute_workflow(Greet.run, "Ada") == "Hello, Ada!"
    ```

    Activities that are not mocked run as they are. Whatever is no failure of the workflow, a bug, comes out of the call
    that made it happen. Retries of whole workflows and cron schedules are the server's and do not happen here. Python's
    own clock and dice are real: code that is tested asks `workflow.now()` and `workflow.random()`.
    """

    def __init__(self) -> None:
        self._world = World()
        #: Starts workflows.
        self.client = Client(self._world)
        self.client._environment = self  # type: ignore[attr-defined]

    @classmethod
    async def start_time_skipping(cls, **without_effect: Any) -> WorkflowEnvironment:
        """An environment, as Temporal's SDK makes one."""
        return cls()

    start_local = start_time_skipping

    async def __aenter__(self) -> WorkflowEnvironment:
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.shutdown()

    async def shutdown(self) -> None:
        """Ends what is still open."""
        for run in list(self._world.runs.values()):
            run.end_from_outside("terminated")

    # === What is outside ===

    def mock_activity(self, activity: Any, mock: Callable[..., Any]) -> None:
        """Answers for an activity. The function takes its arguments, and may be `async`."""
        self._world.activities[activity_name(activity)[0]] = mock

    def activity_takes(self, activity: Any, duration: timedelta) -> None:
        """How long each attempt takes; otherwise no time at all."""
        self._world.durations[activity_name(activity)[0]] = duration

    def mock_child_workflow(self, workflow: Any, mock: Callable[..., Any]) -> None:
        """Answers for children of a type. Those without a mock run as workflows of the test."""
        self._world.children[workflow_name(workflow)[0]] = mock

    def allow_external_workflow(self, workflow_id: str) -> None:
        """Makes signals and requests to cancel reach this id. `told` says what has arrived."""
        self._world.reachable.add(workflow_id)

    @property
    def told(self) -> Sequence[tuple[str, str, str, list[Any]]]:
        """What external workflows were told: the id, `signal` or `cancel`, the name or the reason, the arguments."""
        from .. import converter

        return [
            (id, what, text, converter.default().from_payloads(input)) for id, what, text, input in self._world.told
        ]

    def set_patched(self, id: str, answer: bool) -> None:
        """What `workflow.patched` answers; otherwise true, as in new runs."""
        self._world.patches[id] = answer

    def suggest_continue_as_new_after(self, commands: int) -> None:
        """From how many commands on it is time to continue as new."""
        self._world.suggest_continue_as_new_after = commands

    # === Time ===

    async def get_current_time(self) -> datetime:
        """The time of the test."""
        return self._world.now

    @property
    def now(self) -> datetime:
        """The time of the test."""
        return self._world.now

    async def sleep(self, duration: timedelta | float) -> None:
        """Lets time pass, and everything happen that is due meanwhile."""
        self._world.advance(duration if isinstance(duration, timedelta) else timedelta(seconds=duration))

    def signal_after(
        self, delay: timedelta, handle: WorkflowHandle, signal: Any, arg: Any = UNSET, *, args: Sequence[Any] = ()
    ) -> None:
        """Has a signal arrive later."""
        name, payloads = handler_name(signal, "signal"), handle._payloads(arg, args)
        self._world.plan(delay, lambda: handle._run.deliver(Signal(name, payloads)))

    def cancel_after(self, delay: timedelta, handle: WorkflowHandle, reason: str = "") -> None:
        """Has a request to cancel arrive later."""
        self._world.plan(delay, lambda: handle._run.deliver(CancelRequested(reason)))

    # === What was written ===

    @property
    def log(self) -> Sequence[tuple[str, str, dict[str, str]]]:
        """Lines that the runtime itself has written, such as warnings: level, message, fields."""
        return self._world.log
