"""Activities that somebody else completes, after the worker has let go of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import AsyncActivityCancelledError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.service import RPCStatusCode

from harness.check import cause, fails, raises, refused
from harness.orders import Order, Payment, PaymentFrozen, Receipt
from harness.world import World, event

FROZEN = PaymentFrozen("by hand")


class Open:
    """An order whose payment is left to somebody else."""

    def __init__(self, order: WorkflowHandle[object, Receipt], attempts: asyncio.Queue[activity.Info]) -> None:
        self.order = order
        self._attempts = attempts

    async def attempt(self) -> activity.Info:
        """The attempt that the worker has let go of next."""
        return await self._attempts.get()


@asynccontextmanager
async def open_payment(world: World) -> AsyncIterator[Open]:
    """Starts an order, and a worker that leaves each attempt open."""
    attempts: asyncio.Queue[activity.Info] = asyncio.Queue()

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        attempts.put_nowait(activity.info())
        activity.raise_complete_async()

    async with world.worker(freeze_payment) as task_queue:
        yield Open(await world.start_order(Order(payment_task_queue=task_queue)), attempts)


async def test_by_token(world: World) -> None:
    async with open_payment(world) as payment:
        attempt = await payment.attempt()
        handle = world.client.get_async_activity_handle(task_token=attempt.task_token)
        await handle.heartbeat("nearly")
        await handle.complete(FROZEN)
        assert (await payment.order.result()).freeze_id == FROZEN.freeze_id
        await refused(RPCStatusCode.NOT_FOUND, handle.complete(FROZEN))


async def test_by_id(world: World) -> None:
    async with open_payment(world) as payment:
        attempt = await payment.attempt()
        handle = world.client.get_async_activity_handle(
            workflow_id=payment.order.id, run_id=payment.order.result_run_id, activity_id=attempt.activity_id
        )
        await handle.heartbeat("nearly")
        await handle.complete(FROZEN)
        assert (await payment.order.result()).freeze_id == FROZEN.freeze_id
        await refused(RPCStatusCode.NOT_FOUND, handle.complete(FROZEN))


async def test_of_the_current_run_by_id(world: World) -> None:
    async with open_payment(world) as payment:
        attempt = await payment.attempt()
        handle = world.client.get_async_activity_handle(
            workflow_id=payment.order.id, run_id=None, activity_id=attempt.activity_id
        )
        await handle.complete(FROZEN)
        assert (await payment.order.result()).freeze_id == FROZEN.freeze_id


async def test_a_failure_leads_to_the_next_attempt(world: World) -> None:
    async with open_payment(world) as payment:
        first = await payment.attempt()
        stale = world.client.get_async_activity_handle(task_token=first.task_token)
        await stale.fail(RuntimeError("the bank does not answer"), last_heartbeat_details=["half"])
        second = await payment.attempt()
        assert (second.attempt, list(second.heartbeat_details)) == (2, ["half"])
        # The token of an attempt that is over counts no more.
        await refused(RPCStatusCode.NOT_FOUND, stale.complete(FROZEN))
        await refused(RPCStatusCode.NOT_FOUND, stale.heartbeat())

        current = world.client.get_async_activity_handle(task_token=second.task_token)
        await current.fail(ApplicationError("no such account", type="NoAccount", non_retryable=True))
        error = await fails(ActivityError, payment.order.result())
        assert cause(ApplicationError, error).type == "NoAccount"


async def test_a_heartbeat_tells_of_a_cancellation(world: World) -> None:
    async with open_payment(world) as payment:
        attempt = await payment.attempt()
        handle = world.client.get_async_activity_handle(task_token=attempt.task_token)
        await refused(RPCStatusCode.INVALID_ARGUMENT, handle.report_cancellation(), "not requested")
        await payment.order.cancel()
        await event(payment.order, EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
        error = await raises(AsyncActivityCancelledError, handle.heartbeat())
        assert error.details is None or error.details.cancel_requested
        await handle.report_cancellation("stopped")
        await fails(CancelledError, payment.order.result())


async def test_what_is_nobodys_is_refused(world: World) -> None:
    garbled = world.client.get_async_activity_handle(task_token=b"garbled")
    await refused(RPCStatusCode.INVALID_ARGUMENT, garbled.complete(FROZEN), "task token")
    order = await world.start_paused_order()
    unknown = world.client.get_async_activity_handle(workflow_id=order.id, run_id=None, activity_id="unknown")
    await refused(RPCStatusCode.NOT_FOUND, unknown.complete(FROZEN), "unknown")
    await order.terminate()
