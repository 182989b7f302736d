"""Queries: while a workflow runs, and after its end."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from harness.check import fails, raises, refused
from harness.orders import Order, Status
from harness.world import World, events


async def test_a_running_order_answers(world: World) -> None:
    order = await world.start_paused_order()
    before = await events(order)
    assert await order.query("status", result_type=Status) == Status("pausing", None)
    assert await events(order) == before
    await order.terminate()


async def test_a_closed_order_answers(world: World) -> None:
    done = await world.start_order()
    await done.result()
    assert await done.query("status", result_type=Status) == Status("completed", None)

    canceled = await world.start_paused_order()
    await canceled.signal("cancel-order", "enough")
    await fails(ApplicationError, canceled.result())
    status = await canceled.query("status", result_type=Status)
    assert status.step == "compensated"
    assert status.error and "enough" in status.error

    terminated = await world.start_paused_order()
    await terminated.terminate()
    assert await terminated.query("status", result_type=Status) == Status("pausing", None)


async def test_a_query_that_the_workflow_does_not_know_fails(world: World) -> None:
    order = await world.start_paused_order()
    error = await raises(WorkflowQueryFailedError, order.query("weather"))
    assert "weather" in error.message
    # It goes on as if nothing had been asked.
    assert await order.query("status", result_type=Status) == Status("pausing", None)
    await order.terminate()


async def test_a_query_can_insist_on_a_run_that_is_open(world: World) -> None:
    order = await world.start_order()
    await order.result()
    asked = order.query("status", reject_condition=QueryRejectCondition.NOT_OPEN)
    error = await raises(WorkflowQueryRejectedError, asked)
    assert error.status == WorkflowExecutionStatus.COMPLETED
    cleanly = QueryRejectCondition.NOT_COMPLETED_CLEANLY
    assert await order.query("status", reject_condition=cleanly, result_type=Status) == Status("completed", None)


async def test_a_workflow_that_has_not_begun_cannot_answer(world: World) -> None:
    order = await world.start_order(Order(), start_delay=timedelta(hours=1))
    await refused(RPCStatusCode.FAILED_PRECONDITION, order.query("status"), "first workflow task")
    nobody = world.client.get_workflow_handle("nobody")
    await refused(RPCStatusCode.NOT_FOUND, nobody.query("status"), "nobody")
    await order.terminate()
