"""Task queues: who goes first, how fast, and what a queue tells about itself."""

from __future__ import annotations

import asyncio
import time

from temporalio import activity
from temporalio.api.enums.v1 import RateLimitSource, TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit, TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    UpdateTaskQueueConfigRequest,
)
from temporalio.common import Priority
from temporalio.worker import PollerBehaviorAutoscaling

from harness.orders import Order, Payment, PaymentFrozen
from harness.world import World, scheduled


@activity.defn(name="FreezePayment")
async def freeze_payment(payment: Payment) -> PaymentFrozen:
    """Freezes at once."""
    return PaymentFrozen("frozen")


async def describe(world: World, task_queue: str) -> DescribeTaskQueueResponse:
    """What the queue of activities tells."""
    request = DescribeTaskQueueRequest(
        namespace="default",
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    return await world.client.workflow_service.describe_task_queue(request)


async def limit(world: World, task_queue: str, rate: RateLimit | None) -> None:
    """Sets the rate limit of the queue's activities, or takes it away."""
    update = UpdateTaskQueueConfigRequest.RateLimitUpdate(rate_limit=rate, reason="a test")
    await world.client.workflow_service.update_task_queue_config(
        UpdateTaskQueueConfigRequest(
            namespace="default",
            task_queue=task_queue,
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            update_queue_rate_limit=update,
        )
    )


async def test_the_priority_of_a_workflow_is_that_of_its_activities(world: World) -> None:
    served: list[Priority] = []

    @activity.defn(name="FreezePayment")
    async def freeze(payment: Payment) -> PaymentFrozen:
        served.append(activity.info().priority)
        return PaymentFrozen("frozen")

    task_queue = world.unique("urgent")
    orders = []
    for key in (5, 1, 4, 2):
        priority = Priority(priority_key=key, fairness_key="tenant", fairness_weight=2.0)
        order = await world.start_order(Order(payment_task_queue=task_queue), priority=priority)
        await scheduled(order, "FreezePayment")
        orders.append(order)
    async with world.worker(freeze, task_queue=task_queue, max_concurrent_activities=1):
        await asyncio.gather(*(order.result() for order in orders))
    assert [priority.priority_key for priority in served] == [1, 2, 4, 5]
    assert {(priority.fairness_key, priority.fairness_weight) for priority in served} == {("tenant", 2.0)}


async def test_fairness_keys_share_a_worker(world: World) -> None:
    served: list[str] = []

    @activity.defn(name="FreezePayment")
    async def freeze(payment: Payment) -> PaymentFrozen:
        served.append(activity.info().priority.fairness_key or "")
        return PaymentFrozen("frozen")

    task_queue = world.unique("fair")
    orders = []
    for tenant in ["large"] * 6 + ["small"] * 2:
        priority = Priority(fairness_key=tenant)
        order = await world.start_order(Order(payment_task_queue=task_queue), priority=priority)
        await scheduled(order, "FreezePayment")
        orders.append(order)
    async with world.worker(freeze, task_queue=task_queue, max_concurrent_activities=1):
        await asyncio.gather(*(order.result() for order in orders))
    assert served[:4].count("small") == 2, served


async def test_a_worker_limits_its_queue(world: World) -> None:
    options = {"max_task_queue_activities_per_second": 2.0}
    async with world.worker(freeze_payment, **options) as task_queue:
        began = time.monotonic()
        orders = [await world.start_order(Order(payment_task_queue=task_queue)) for _ in range(5)]
        await asyncio.gather(*(order.result() for order in orders))
        told = await describe(world, task_queue)
    # Two at once, and the other three every half a second.
    assert time.monotonic() - began >= 1.5
    assert told.effective_rate_limit.requests_per_second == 2.0
    assert told.effective_rate_limit.rate_limit_source == RateLimitSource.RATE_LIMIT_SOURCE_WORKER
    assert told.stats.rate_limiting_active
    [poller] = told.pollers
    assert (poller.identity, poller.rate_per_second) == (world.client.identity, 2.0)


async def test_an_operator_stops_a_queue_and_lets_it_go_on(world: World) -> None:
    task_queue = world.unique("stopped")
    await limit(world, task_queue, RateLimit(requests_per_second=0.0))
    async with world.worker(freeze_payment, task_queue=task_queue):
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await scheduled(order, "FreezePayment")
        told = await describe(world, task_queue)
        assert told.stats.approximate_backlog_count == 1
        assert told.effective_rate_limit.rate_limit_source == RateLimitSource.RATE_LIMIT_SOURCE_API
        await limit(world, task_queue, None)
        await order.result()
        assert (await describe(world, task_queue)).stats.approximate_backlog_count == 0


async def test_a_queue_without_a_worker_tells_what_waits(world: World) -> None:
    task_queue = world.unique("unserved")
    order = await world.start_order(Order(payment_task_queue=task_queue), priority=Priority(priority_key=1))
    await scheduled(order, "FreezePayment")
    told = await describe(world, task_queue)
    assert not told.pollers
    assert told.stats.approximate_backlog_count == 1
    assert told.stats.tasks_add_rate > 0
    assert list(told.stats_by_priority_key) == [1]
    printed = await world.server.command("task-queue", "describe", "--task-queue", task_queue)
    assert "Activity" in printed
    await order.terminate()


async def test_pollers_scale_by_themselves(world: World) -> None:
    behavior = PollerBehaviorAutoscaling(minimum=1, maximum=10, initial=1)
    task_queue = world.unique("busy")
    orders = [await world.start_order(Order(payment_task_queue=task_queue)) for _ in range(20)]
    async with world.worker(freeze_payment, task_queue=task_queue, activity_task_poller_behavior=behavior):
        receipts = await asyncio.gather(*(order.result() for order in orders))
    assert len(receipts) == 20
