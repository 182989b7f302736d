"""A server that is killed and comes back, under a worker and a client that stay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity
from temporalio.api.enums.v1 import EventType

from harness.orders import Order, Payment, PaymentFrozen, Status
from harness.world import World, event


@asynccontextmanager
async def fragile(world: World) -> AsyncIterator[World]:
    """A world of its own, whose end disturbs nobody."""
    async with World.open(world.folder / world.unique("fragile")) as own:
        yield own


async def test_a_worker_outlives_the_server(world: World) -> None:
    working, may_end = asyncio.Event(), asyncio.Event()
    attempts: list[tuple[str | None, int]] = []

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        attempts.append((activity.info().workflow_id, activity.info().attempt))
        working.set()
        await may_end.wait()
        return PaymentFrozen(f"for {payment.order_id}")

    async with fragile(world) as own, own.worker(freeze_payment) as task_queue:
        under_way = await own.start_order(Order(payment_task_queue=task_queue))
        asleep = await own.start_order(Order(pause_ms=2_000, payment_task_queue=task_queue))
        await event(asleep, EventType.EVENT_TYPE_TIMER_STARTED)
        await working.wait()
        waiting = asyncio.create_task(under_way.result())

        await own.server.crash()
        await own.server.recover()
        may_end.set()
        receipt = await waiting
        assert receipt.freeze_id == f"for {receipt.order_id}"
        assert (await asleep.result()).freeze_id
        fresh = await own.start_order(Order(payment_task_queue=task_queue))
        assert (await fresh.result()).freeze_id
        assert attempts == [(order.id, 1) for order in (under_way, asleep, fresh)]


async def test_an_open_activity_can_be_completed_after_a_crash(world: World) -> None:
    taken: asyncio.Queue[activity.Info] = asyncio.Queue()

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        activity.heartbeat("begun")
        taken.put_nowait(activity.info())
        activity.raise_complete_async()

    async with fragile(world) as own, own.worker(freeze_payment) as task_queue:
        order = await own.start_order(Order(payment_task_queue=task_queue))
        token = (await taken.get()).task_token
        await own.server.crash()
        await own.server.recover()
        assert await order.query("status", result_type=Status) == Status("freezing_payment", None)
        await own.client.get_async_activity_handle(task_token=token).complete(PaymentFrozen("after the crash"))
        assert (await order.result()).freeze_id == "after the crash"
        assert await own.books.effects(order.id) == ["CreateOrder", "ReserveInventory"]
