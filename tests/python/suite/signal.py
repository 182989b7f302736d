"""Signals."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from harness.check import fails, refused
from harness.orders import Order
from harness.world import LONG_PAUSE_MS, World, event, events


async def test_a_signal_cancels_an_order(world: World) -> None:
    order = await world.start_paused_order()
    await order.signal("cancel-order", "changed my mind")
    error = await fails(ApplicationError, order.result())
    assert (error.type, error.message) == ("OrderCanceled", "changed my mind")
    assert error.non_retryable
    assert (await world.books.effects(order.id))[-2:] == ["ReleaseInventory", "CancelOrder"]


async def test_a_signal_that_nobody_listens_to_is_kept(world: World) -> None:
    order = await world.start_paused_order()
    await order.signal("unknown", args=[1, "two"])
    signaled = await event(order, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
    attributes = signaled.workflow_execution_signaled_event_attributes
    assert attributes.signal_name == "unknown"
    assert await world.client.data_converter.decode(attributes.input.payloads) == [1, "two"]
    assert attributes.identity == world.client.identity
    await order.terminate()


async def test_a_signal_starts_the_workflow_that_it_is_for(world: World) -> None:
    def signal_with_start(workflow_id: str):
        return world.start_order(
            Order(pause_ms=LONG_PAUSE_MS), id=workflow_id, start_signal="note", start_signal_args=["hello"]
        )

    workflow_id = world.unique("signaled")
    first = await signal_with_start(workflow_id)
    second = await signal_with_start(workflow_id)
    assert second.result_run_id == first.result_run_id
    kinds = await events(first)
    assert kinds[:2] == ["WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_SIGNALED"]
    assert kinds.count("WORKFLOW_EXECUTION_SIGNALED") == 2
    await first.terminate()


async def test_a_signal_that_comes_with_the_start_is_heard(world: World) -> None:
    order = await world.start_order(start_signal="cancel-order", start_signal_args=["too late already"])
    error = await fails(ApplicationError, order.result())
    assert error.type == "OrderCanceled"
    assert "FreezePayment" not in await world.books.effects(order.id)


async def test_a_delay_holds_for_the_signal_that_comes_with_the_start(world: World) -> None:
    order = await world.start_order(
        start_delay=timedelta(hours=1), start_signal="cancel-order", start_signal_args=["never mind"]
    )
    assert await events(order) == ["WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_SIGNALED"]
    # A later signal waits with it. One that could have started the workflow ends the wait.
    await order.signal("go")
    assert (await events(order))[1:] == ["WORKFLOW_EXECUTION_SIGNALED"] * 2
    await world.start_order(id=order.id, start_signal="go")
    error = await fails(ApplicationError, order.result())
    assert error.type == "OrderCanceled"


async def test_a_closed_workflow_takes_no_signals(world: World) -> None:
    order = await world.start_order()
    await order.result()
    await refused(RPCStatusCode.NOT_FOUND, order.signal("cancel-order", "late"), "completed")
    nobody = world.client.get_workflow_handle("nobody")
    await refused(RPCStatusCode.NOT_FOUND, nobody.signal("cancel-order", "lost"), "nobody")
