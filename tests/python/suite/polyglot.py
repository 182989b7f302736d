"""Workflows in Python and JavaScript components, whose activity a Python worker serves on their own task queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from harness.check import cause, fails, raises
from harness.world import LONG_PAUSE_MS, World, event


@dataclass
class Visit:
    """The input of `PolyglotWorkflow`."""

    name: str
    nap_ms: int


@dataclass
class Visited:
    """Its result."""

    greeting: str
    approved_by: str
    random: float
    started_at: str


@activity.defn(name="Greet")
async def greet(name: str) -> str:
    """Greets everybody but one."""
    if name == "Voldemort":
        raise ApplicationError("no greeting for him", type="Unwelcome", non_retryable=True)
    return f"Hello, {name}!"


async def test_workflows_in_python(world: World) -> None:
    await _visit(world, "polyglot-python")


async def test_workflows_in_javascript(world: World) -> None:
    await _visit(world, "polyglot-javascript")


async def _visit(world: World, component: str) -> None:
    await world.server.deploy(component, "--task-queue", component)

    async def start(visit: Visit):
        return await world.client.start_workflow(
            "PolyglotWorkflow", visit, id=world.unique(component), task_queue=component, result_type=Visited
        )

    async with world.worker(greet, task_queue=component):
        approved = await start(Visit("Ada", nap_ms=10))
        await event(approved, EventType.EVENT_TYPE_TIMER_FIRED)
        assert await approved.query("status") == "waiting-for-approval"
        rejected = await raises(WorkflowUpdateFailedError, approved.execute_update("no-such-update"))
        assert "no-such-update" in str(rejected.cause)
        await raises(WorkflowQueryFailedError, approved.query("weather"))
        await approved.signal("approve", "Grace")
        visited = await approved.result()
        assert (visited.greeting, visited.approved_by) == ("Hello, Ada!", "Grace")
        assert 0 <= visited.random < 1
        assert datetime.fromisoformat(visited.started_at).year >= 2024
        assert await approved.query("status") == "done"

        canceled = await start(Visit("Ada", nap_ms=LONG_PAUSE_MS))
        await event(canceled, EventType.EVENT_TYPE_TIMER_STARTED)
        await canceled.cancel()
        await fails(CancelledError, canceled.result())
        assert await canceled.query("status") == "canceled"

        unwelcome = await start(Visit("Voldemort", nap_ms=10))
        error = await fails(ActivityError, unwelcome.result())
        assert cause(ApplicationError, error).type == "Unwelcome"
