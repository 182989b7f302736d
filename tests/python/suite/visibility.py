"""Finding workflows: lists and counts by filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.world import World


async def test_workflows_are_found_by_what_they_are(world: World) -> None:
    group = world.unique("group")
    began = datetime.now(UTC) - timedelta(minutes=1)
    hello = await world.start_hello(id=f"{group}-hello")
    done = await world.start_order(id=f"{group}-done")
    paused = await world.start_paused_order(id=f"{group}-paused", memo={"color": "green"})
    await done.result()
    await hello.result()

    mine = f"WorkflowId STARTS_WITH '{group}-'"
    cases = {
        "": {"hello", "done", "paused"},
        "WorkflowType = 'OrderWorkflow'": {"done", "paused"},
        "WorkflowType IN ('Hello', 'Other')": {"hello"},
        "ExecutionStatus = 'Running'": {"paused"},
        "ExecutionStatus != 'Running' AND WorkflowType = 'OrderWorkflow'": {"done"},
        "TaskQueue = 'hello'": {"hello"},
        "CloseTime IS NULL": {"paused"},
        f"StartTime > '{began.isoformat()}'": {"hello", "done", "paused"},
        f"StartTime < '{began.isoformat()}'": set(),
        f"RunId = '{done.result_run_id}'": {"done"},
        "ExecutionStatus = 'Running' OR WorkflowType = 'Hello'": {"hello", "paused"},
    }
    for condition, expected in cases.items():
        query = f"{mine} AND ({condition})" if condition else mine
        found = {found.id.removeprefix(f"{group}-") async for found in world.client.list_workflows(query)}
        assert found == expected, f"{condition}: {found}"
        assert (await world.client.count_workflows(query)).count == len(expected), condition

    [listed] = [found async for found in world.client.list_workflows(f"{mine} AND ExecutionStatus = 'Running'")]
    assert (listed.id, listed.run_id, listed.workflow_type) == (paused.id, paused.result_run_id, "OrderWorkflow")
    assert listed.status == WorkflowExecutionStatus.RUNNING
    assert await listed.memo_value("color") == "green"
    await paused.terminate()


async def test_workflows_are_counted_by_status(world: World) -> None:
    group = world.unique("group")
    for number in range(3):
        handle = await world.start_order(id=f"{group}-{number}")
        await handle.result()
    paused = await world.start_paused_order(id=f"{group}-paused")

    query = f"WorkflowId STARTS_WITH '{group}-' GROUP BY ExecutionStatus"
    count = await world.client.count_workflows(query)
    assert count.count == 4
    groups = {str(found.group_values[0]): found.count for found in count.groups}
    assert groups == {"Running": 1, "Completed": 3}
    await paused.terminate()


async def test_long_lists_come_in_pages(world: World) -> None:
    group = world.unique("group")
    handles = [await world.start_hello(id=f"{group}-{number}") for number in range(5)]
    query = f"WorkflowId STARTS_WITH '{group}-'"
    listed = [found.id async for found in world.client.list_workflows(query, page_size=2)]
    assert sorted(listed) == [handle.id for handle in handles]
    limited = [found.id async for found in world.client.list_workflows(query, page_size=2, limit=3)]
    assert limited == listed[:3]


async def test_queries_that_make_no_sense_are_refused(world: World) -> None:
    for query in ["Color = 'green'", "WorkflowType =", "ExecutionStatus = 'Tired'", "StartTime > 'yesterday'"]:
        await refused(RPCStatusCode.INVALID_ARGUMENT, world.client.count_workflows(query))
