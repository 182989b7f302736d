"""Starting workflows: policies for ids, delays, and what a run is told at its start."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import TerminatedError, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from harness.check import fails, raises, refused
from harness.orders import Order
from harness.world import ORDERS, World, event


async def test_a_running_workflow_keeps_its_id(world: World) -> None:
    order = await world.start_paused_order()
    error = await raises(WorkflowAlreadyStartedError, world.start_order(id=order.id))
    assert (error.workflow_id, error.workflow_type) == (order.id, "OrderWorkflow")
    assert (error.run_id, error.first_run_id) == (order.result_run_id, order.first_execution_run_id)


async def test_a_start_can_join_the_workflow_that_runs(world: World) -> None:
    order = await world.start_paused_order()
    same = await world.start_order(id=order.id, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING)
    assert same.result_run_id == order.result_run_id


async def test_a_start_can_end_the_workflow_that_runs(world: World) -> None:
    first = await world.start_paused_order()
    second = await world.start_order(id=first.id, id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING)
    assert second.result_run_id != first.result_run_id
    await fails(TerminatedError, first.result())
    assert (await second.result()).order_id


async def test_the_id_of_a_closed_workflow_can_be_used_again(world: World) -> None:
    first = await world.start_order()
    await first.result()
    for policy in [WorkflowIDReusePolicy.REJECT_DUPLICATE, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY]:
        error = await raises(WorkflowAlreadyStartedError, world.start_order(id=first.id, id_reuse_policy=policy))
        assert error.run_id == first.result_run_id
    second = await world.start_order(id=first.id)
    assert second.result_run_id != first.result_run_id
    await second.result()


async def test_the_id_of_a_failed_workflow_can_be_used_again(world: World) -> None:
    first = await world.start_paused_order()
    await first.terminate()
    policy = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    second = await world.start_order(id=first.id, id_reuse_policy=policy)
    assert (await second.result()).order_id


async def test_a_start_can_be_delayed(world: World) -> None:
    delay = timedelta(seconds=1)
    hello = await world.start_hello(start_delay=delay)
    described = await hello.describe()
    assert described.status == WorkflowExecutionStatus.RUNNING
    assert described.execution_time is not None
    assert described.execution_time - described.start_time == delay
    scheduled = await event(hello, EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
    waited = scheduled.event_time.ToDatetime() - described.start_time.replace(tzinfo=None)
    assert waited >= delay
    assert await hello.result() == "Hello, Ada!"


async def test_what_is_said_at_the_start_is_kept(world: World) -> None:
    hello = await world.start_hello(
        memo={"order": Order(items=[]), "priority": 3},
        static_summary="a greeting",
        static_details="for *Ada*",
        execution_timeout=timedelta(hours=3),
        run_timeout=timedelta(hours=2),
        task_timeout=timedelta(seconds=30),
    )
    described = await hello.describe()
    assert (described.id, described.run_id) == (hello.id, hello.result_run_id)
    assert (described.workflow_type, described.task_queue) == ("Hello", "hello")
    assert await described.memo_value("order", type_hint=Order) == Order(items=[])
    assert await described.memo_value("priority") == 3
    assert await described.static_summary() == "a greeting"
    assert await described.static_details() == "for *Ada*"

    started = await event(hello, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    attributes = started.workflow_execution_started_event_attributes
    timeouts = [
        attributes.workflow_execution_timeout,
        attributes.workflow_run_timeout,
        attributes.workflow_task_timeout,
    ]
    assert [timeout.ToSeconds() for timeout in timeouts] == [3 * 3600, 2 * 3600, 30]
    assert attributes.identity == world.client.identity


async def test_what_nobody_serves_does_not_start(world: World) -> None:
    start = world.client.start_workflow
    nobody = start("Unknown", id=world.unique("unknown"), task_queue=ORDERS)
    await refused(RPCStatusCode.FAILED_PRECONDITION, nobody, "Unknown", "deploy a component")
    elsewhere = start("OrderWorkflow", Order(), id=world.unique("unknown"), task_queue="elsewhere")
    await refused(RPCStatusCode.FAILED_PRECONDITION, elsewhere, "it is served on orders")


async def test_ids_have_bounds(world: World) -> None:
    for workflow_id in ["", "x" * 1001]:
        await refused(RPCStatusCode.INVALID_ARGUMENT, world.start_hello(id=workflow_id), "WorkflowId")
