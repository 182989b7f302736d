"""Workflows that run in a worker of the Python SDK, and no component has their code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from harness import workflows
from harness.check import cause, fails, raises
from harness.workflows import Canceled, Countdown, Double, Everything, Failing, Mixed, Stuck
from harness.world import World, event, events
from suite.restart import fragile


@asynccontextmanager
async def worker(world: World, client: Client | None = None, **options: Any) -> AsyncIterator[str]:
    """A worker for all of them on a task queue of its own, whose name it gives."""
    task_queue = options.pop("task_queue", None) or world.unique("python")
    async with Worker(
        client or world.client,
        task_queue=task_queue,
        workflows=workflows.WORKFLOWS,
        activities=workflows.ACTIVITIES,
        workflow_runner=UnsandboxedWorkflowRunner(),
        **options,
    ):
        yield task_queue


async def start(world: World, workflow: Any, *args: Any, task_queue: str, **options: Any) -> WorkflowHandle[Any, Any]:
    options.setdefault("id", world.unique("worker-run"))
    return await world.client.start_workflow(workflow, args=args, task_queue=task_queue, **options)


async def replays(handle: WorkflowHandle[Any, Any]) -> None:
    """The SDK's own replayer takes the history: it is one that Temporal could have written."""
    replayer = Replayer(workflows=workflows.WORKFLOWS, workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(await handle.fetch_history())


EVERYTHING = ["Hello, Ada!", "Hello, local!", "lucky", 42, True]


async def finish(handle: WorkflowHandle[Any, Any], words: list[str], total: int) -> None:
    await handle.signal(Everything.finish)
    assert await handle.result() == [*EVERYTHING, words, total]
    await replays(handle)


async def test_everything_in_one_workflow(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        await run.signal(Everything.note, "one")
        assert await run.execute_update(Everything.add, 5) == 5
        await run.signal(Everything.note, "two")
        assert await run.query(Everything.notes) == ["one", "two"]
        assert await run.execute_update(Everything.add, 6) == 11
        await finish(run, ["one", "two"], 11)
        assert await run.query(Everything.notes) == ["one", "two"], "closed runs answer too"


async def test_nothing_is_kept_in_a_cache(world: World) -> None:
    async with worker(world, max_cached_workflows=0) as task_queue:
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        assert await run.execute_update(Everything.add, 5) == 5
        assert await run.query(Everything.notes) == []
        await finish(run, [], 5)


async def test_a_rejected_update_leaves_nothing(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        await event(run, EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED)
        await run.query(Everything.notes)
        before = await events(run)
        for _ in range(3):
            error = await raises(WorkflowUpdateFailedError, run.execute_update(Everything.add, -1))
            assert cause(ApplicationError, error).message == "negative"
        assert await events(run) == before
        assert await run.execute_update(Everything.add, 1) == 1
        await finish(run, [], 1)


async def test_an_unknown_update_is_rejected(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        await raises(WorkflowUpdateFailedError, run.execute_update("nonsense"))
        await finish(run, [], 0)


async def test_a_start_with_an_update(world: World) -> None:
    async with worker(world) as task_queue:
        start_operation = WithStartWorkflowOperation(
            Everything.run,
            "Ada",
            id=world.unique("with-start"),
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
        added = world.client.execute_update_with_start_workflow(
            Everything.add, 7, start_workflow_operation=start_operation
        )
        assert await added == 7
        await finish(await start_operation.workflow_handle(), [], 7)


async def test_a_query_that_fails(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        error = await raises(WorkflowQueryFailedError, run.query(Everything.broken))
        assert error.message == "no answer"
        await finish(run, [], 0)


async def test_queries_without_a_worker_time_out(world: World) -> None:
    run = await start(world, Everything.run, "Ada", task_queue=world.unique("deserted"))
    error = await raises(RPCError, run.query(Everything.notes, rpc_timeout=workflows.timedelta(seconds=2)))
    assert error.status == RPCStatusCode.DEADLINE_EXCEEDED
    await run.terminate()


async def test_a_chain_of_runs(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Countdown.run, 3, task_queue=task_queue)
        assert await run.result() == "after True"


async def test_a_failure_reaches_the_client(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Failing.run, task_queue=task_queue)
        error = await fails(ApplicationError, run.result())
        assert (error.message, error.type, error.details) == ("went wrong", "Wrong", ("detail",))


async def test_a_cancellation_reaches_the_activity(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Canceled.run, task_queue=task_queue)
        await event(run, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
        await run.cancel()
        await fails(CancelledError, run.result())
        await replays(run)


async def test_a_component_as_a_child(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Mixed.run, task_queue=task_queue)
        assert "Ada" in await run.result()
        await replays(run)


async def test_a_failing_task_is_tried_again(world: World) -> None:
    Stuck.is_mended = False
    async with worker(world) as task_queue:
        run = await start(world, Stuck.run, task_queue=task_queue, task_timeout=workflows.timedelta(seconds=1))
        await event(run, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
        Stuck.is_mended = True
        assert await run.result() == "mended"


async def test_runs_go_to_another_worker(world: World) -> None:
    task_queue = world.unique("handed-on")
    async with worker(world, task_queue=task_queue):
        run = await start(world, Everything.run, "Ada", task_queue=task_queue)
        await run.signal(Everything.note, "first")
        await event(run, EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED)
    async with worker(world, task_queue=task_queue):
        await run.signal(Everything.note, "second")
        assert await run.query(Everything.notes) == ["first", "second"]
        await finish(run, ["first", "second"], 0)


async def test_many_at_once(world: World) -> None:
    async with worker(world) as task_queue:
        runs = [await start(world, Double.run, number, task_queue=task_queue) for number in range(50)]
        assert await asyncio.gather(*(run.result() for run in runs)) == [2 * number for number in range(50)]


async def test_an_eager_start(world: World) -> None:
    async with worker(world) as task_queue:
        run = await start(world, Double.run, 4, task_queue=task_queue, request_eager_start=True)
        assert await run.result() == 8
        await replays(run)


async def test_runs_outlive_the_server(world: World) -> None:
    async with fragile(world) as own, worker(own) as task_queue:
        runs = [await start(own, Everything.run, "Ada", task_queue=task_queue) for _ in range(20)]
        for word in ["one", "two", "three"]:
            await asyncio.gather(*(run.signal(Everything.note, word) for run in runs))
            await own.server.crash()
            await own.server.recover()
        for run in runs:
            await finish(run, ["one", "two", "three"], 0)
