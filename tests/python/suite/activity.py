"""A worker in Python that serves the last step of an order on a task queue of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from harness.check import cause, fails
from harness.orders import Order, Payment, PaymentFrozen, Status
from harness.world import World, events, scheduled

# How often an activity says that it is alive.
HEARTBEAT_SECONDS = 0.02


@dataclass
class Progress:
    """What an attempt tells the next one."""

    account: str
    steps: int


async def test_a_worker_serves_a_step_of_an_order(world: World) -> None:
    infos: list[activity.Info] = []

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        infos.append(activity.info())
        return PaymentFrozen(f"{payment.user_id} pays {payment.amount} for {payment.order_id}")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        receipt = await order.result()
    assert receipt.freeze_id == f"ada pays 4200 for {receipt.order_id}"
    [info] = infos
    assert (info.workflow_id, info.workflow_run_id) == (order.id, order.result_run_id)
    assert (info.workflow_type, info.activity_type) == ("OrderWorkflow", "FreezePayment")
    assert (info.task_queue, info.workflow_namespace, info.attempt) == (task_queue, "default", 1)
    assert info.start_to_close_timeout == timedelta(seconds=60)
    assert await world.books.effects(order.id) == ["CreateOrder", "ReserveInventory"]


async def test_a_worker_serves_with_threads(world: World) -> None:
    @activity.defn(name="FreezePayment")
    def freeze_payment(payment: Payment) -> PaymentFrozen:
        activity.heartbeat("working")
        return PaymentFrozen(threading.current_thread().name)

    with ThreadPoolExecutor(2, thread_name_prefix="bank") as executor:
        async with world.worker(freeze_payment, activity_executor=executor) as task_queue:
            orders = [await world.start_order(Order(payment_task_queue=task_queue)) for _ in range(5)]
            receipts = await asyncio.gather(*(order.result() for order in orders))
    assert all(receipt.freeze_id.startswith("bank") for receipt in receipts)


async def test_a_failed_attempt_hands_its_progress_to_the_next(world: World) -> None:
    attempts: list[tuple[int, list[Progress]]] = []

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        info = activity.info()
        attempts.append((info.attempt, [Progress(**details) for details in info.heartbeat_details]))
        if info.attempt == 1:
            activity.heartbeat(Progress(payment.user_id, 2))
            raise RuntimeError("the bank does not answer")
        return PaymentFrozen("frozen")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        assert (await order.result()).freeze_id == "frozen"
    assert attempts == [(1, []), (2, [Progress("ada", 2)])]
    # Attempts that are repeated leave no trace but the last one's.
    assert (await events(order)).count("ACTIVITY_TASK_STARTED") == 3


async def test_an_attempt_that_falls_silent_is_followed_by_another(world: World) -> None:
    await world.server.deploy("contract-guest", "--task-queue", "scripts")
    infos: list[activity.Info] = []

    @activity.defn(name="Listen")
    async def listen() -> str:
        infos.append(activity.info())
        if activity.info().attempt == 1:
            activity.heartbeat("silent from here on")
            activity.raise_complete_async()
        return "done"

    async with world.worker(listen) as task_queue:
        script = f'start => schedule-with quiet {task_queue} Listen\nresolved 1 => complete "heard"'
        run = await world.client.start_workflow("Scripted", script.encode(), id=world.unique("s"), task_queue="scripts")
        assert await run.result() == "heard"
    assert [(info.attempt, list(info.heartbeat_details)) for info in infos] == [(1, []), (2, ["silent from here on"])]
    [first, _] = infos
    assert first.activity_id == "quiet"
    assert (first.heartbeat_timeout, first.schedule_to_close_timeout) == (timedelta(seconds=5), timedelta(seconds=60))
    assert first.retry_policy is not None
    assert (first.retry_policy.maximum_attempts, first.retry_policy.non_retryable_error_types) == (3, ["Fatal"])
    assert first.priority.priority_key == 2


async def test_a_pending_activity_shows_its_progress(world: World) -> None:
    beating, may_end = asyncio.Event(), asyncio.Event()

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        activity.heartbeat("half")
        beating.set()
        await may_end.wait()
        return PaymentFrozen("frozen")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await beating.wait()
        [pending] = (await order.describe()).raw_description.pending_activities
        may_end.set()
        await order.result()
    assert (pending.activity_type.name, pending.attempt) == ("FreezePayment", 1)
    assert pending.last_worker_identity == world.client.identity
    assert not (await order.describe()).raw_description.pending_activities


async def test_an_activity_that_is_canceled_stops(world: World) -> None:
    beating = asyncio.Event()
    stopped: list[bool] = []

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        try:
            while True:
                activity.heartbeat()
                beating.set()
                await asyncio.sleep(HEARTBEAT_SECONDS)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            stopped.append(details is not None and details.cancel_requested)
            raise

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await beating.wait()
        await order.signal("cancel-order", "changed my mind")
        error = await fails(ApplicationError, order.result())
    assert stopped == [True]
    assert (error.type, error.message) == ("OrderCanceled", "changed my mind")
    assert await world.books.effects(order.id) == ["CreateOrder", "ReserveInventory", "ReleaseInventory", "CancelOrder"]
    kinds = await events(order)
    assert kinds.index("ACTIVITY_TASK_CANCEL_REQUESTED") < kinds.index("ACTIVITY_TASK_CANCELED")


async def test_an_activity_that_will_not_stop_is_undone(world: World) -> None:
    beating = asyncio.Event()

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        try:
            while True:
                activity.heartbeat()
                beating.set()
                await asyncio.sleep(HEARTBEAT_SECONDS)
        except asyncio.CancelledError:
            return PaymentFrozen("too late to stop")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await beating.wait()
        await order.cancel()
        await fails(CancelledError, order.result())
    assert (await world.books.effects(order.id))[2:] == ["UnfreezePayment", "ReleaseInventory", "CancelOrder"]
    assert (await order.query("status", result_type=Status)).step == "compensated"


async def test_an_activity_that_nobody_has_taken_is_canceled_at_once(world: World) -> None:
    order = await world.start_order(Order(payment_task_queue=world.unique("unserved")))
    await scheduled(order, "FreezePayment")
    await order.signal("cancel-order", "nobody is there")
    error = await fails(ApplicationError, order.result())
    assert error.type == "OrderCanceled"


async def test_a_worker_finds_what_waited_for_it(world: World) -> None:
    task_queue = world.unique("later")
    order = await world.start_order(Order(payment_task_queue=task_queue))
    await scheduled(order, "FreezePayment")

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        return PaymentFrozen("later")

    async with world.worker(freeze_payment, task_queue=task_queue):
        assert (await order.result()).freeze_id == "later"


async def test_a_worker_that_does_not_know_the_activity_fails_it(world: World) -> None:
    @activity.defn(name="BakeCake")
    async def bake_cake() -> None:
        raise AssertionError("nobody has ordered a cake")

    async with world.worker(bake_cake) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        error = await fails(ActivityError, order.result())
    assert "FreezePayment" in cause(ApplicationError, error).message
