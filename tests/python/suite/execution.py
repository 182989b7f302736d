"""A run from its start to each of its ends."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import WorkflowContinuedAsNewError, WorkflowExecutionStatus
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, CancelledError, TerminatedError, TimeoutError, TimeoutType
from temporalio.service import RPCStatusCode

from harness.check import fails, refused
from harness.orders import Order
from harness.world import LONG_PAUSE_MS, World, events

DONE = ["CreateOrder", "ReserveInventory", "FreezePayment"]
UNDONE = ["CreateOrder", "ReserveInventory", "ReleaseInventory", "CancelOrder"]


async def test_an_order_is_fulfilled(world: World) -> None:
    order = await world.start_order()
    receipt = await order.result()
    names = [receipt.order_id, receipt.reserve_id, receipt.freeze_id]
    assert [name.split("-")[0] for name in names] == ["order", "reserve", "freeze"]
    assert await world.books.effects(order.id) == DONE

    described = await order.describe()
    assert described.status == WorkflowExecutionStatus.COMPLETED
    assert described.close_time is not None
    assert described.close_time > described.start_time
    assert described.history_length == len(await events(order))


async def test_a_result_can_be_waited_for_in_many_calls(world: World) -> None:
    order = await world.start_order(Order(pause_ms=4_000))
    # The server ends each call a second before this time is up, empty-handed, and the client asks again.
    receipt = await order.result(rpc_timeout=timedelta(seconds=2))
    assert receipt.freeze_id


async def test_a_result_can_be_read_later_and_by_others(world: World) -> None:
    order = await world.start_order()
    receipt = await order.result()
    other = await world.server.client()
    handle = other.get_workflow_handle(order.id, run_id=order.result_run_id, result_type=type(receipt))
    assert await handle.result() == receipt


async def test_an_order_is_canceled(world: World) -> None:
    order = await world.start_paused_order()
    await order.cancel()
    await fails(CancelledError, order.result())
    assert (await order.describe()).status == WorkflowExecutionStatus.CANCELED
    assert await world.books.effects(order.id) == UNDONE
    # Whoever cancels what has ended has what it wants.
    await order.cancel()


async def test_an_order_is_terminated(world: World) -> None:
    order = await world.start_paused_order()
    await order.terminate({"ticket": 7}, reason="the shop is closed")
    error = await fails(TerminatedError, order.result())
    assert error.message == "the shop is closed"
    assert list(error.details) == [{"ticket": 7}]
    assert (await order.describe()).status == WorkflowExecutionStatus.TERMINATED
    assert await world.books.effects(order.id) == UNDONE[:2]
    await refused(RPCStatusCode.NOT_FOUND, order.terminate())


async def test_a_run_has_to_end_in_time(world: World) -> None:
    order = await world.start_order(Order(pause_ms=LONG_PAUSE_MS), run_timeout=timedelta(seconds=1))
    error = await fails(TimeoutError, order.result())
    assert error.type == TimeoutType.START_TO_CLOSE
    assert (await order.describe()).status == WorkflowExecutionStatus.TIMED_OUT


async def test_a_failed_run_is_tried_again(world: World) -> None:
    retries = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)
    order = await world.start_order(Order(user_id="flaky-payment"), retry_policy=retries)
    # Its three attempts make the unreliable bank answer in the first run.
    assert (await order.result()).freeze_id

    expensive = await world.start_order(Order(amount=10**9), retry_policy=retries)
    # A client that does not say that it follows retries is told of the run that follows.
    try:
        await expensive.result(follow_runs=False)
    except WorkflowContinuedAsNewError:
        pass
    else:
        raise AssertionError("the first run has a successor")
    await fails(ActivityError, expensive.result())
    last = await world.client.get_workflow_handle(expensive.id).describe()
    assert last.run_id != expensive.result_run_id
    assert await world.books.effects(expensive.id) == UNDONE * 2


async def test_a_workflow_that_is_not_there_is_named(world: World) -> None:
    nobody = world.client.get_workflow_handle("nobody")
    for call in [nobody.describe(), nobody.result(), nobody.cancel(), nobody.terminate(), nobody.fetch_history()]:
        await refused(RPCStatusCode.NOT_FOUND, call, "nobody")
