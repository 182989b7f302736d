"""Failures: their classes, their types, and their chains of causes."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from harness.check import cause, fails
from harness.orders import Order, Payment, PaymentFrozen
from harness.world import World


@dataclass
class Limit:
    """What a failure tells in detail."""

    amount: int
    currency: str


async def test_an_activity_of_a_component_fails_an_order(world: World) -> None:
    order = await world.start_order(Order(items=["out-of-stock"]))
    error = await fails(ActivityError, order.result())
    assert error.activity_type == "ReserveInventory"
    assert error.retry_state == RetryState.NON_RETRYABLE_FAILURE
    reason = cause(ApplicationError, error)
    assert (reason.type, reason.message) == ("OutOfStock", "there is no out-of-stock left")
    assert reason.non_retryable
    assert (await order.describe()).status == WorkflowExecutionStatus.FAILED
    assert await world.books.effects(order.id) == ["CreateOrder", "CancelOrder"]


async def test_an_activity_of_a_worker_fails_an_order(world: World) -> None:
    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        limit = Limit(payment.amount - 1, "EUR")
        raise ApplicationError("too much", limit, 7, type="LimitExceeded", non_retryable=True) from ValueError("limit")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        error = await fails(ActivityError, order.result())
    assert (error.activity_type, error.identity) == ("FreezePayment", world.client.identity)
    assert error.retry_state == RetryState.NON_RETRYABLE_FAILURE
    reason = cause(ApplicationError, error)
    assert (reason.type, reason.message) == ("LimitExceeded", "too much")
    assert list(reason.details) == [{"amount": 4_199, "currency": "EUR"}, 7]
    root = cause(ApplicationError, reason)
    assert (root.type, root.message) == ("ValueError", "limit")
    assert (await world.books.effects(order.id))[-2:] == ["ReleaseInventory", "CancelOrder"]


async def test_an_activity_that_keeps_failing_runs_out_of_attempts(world: World) -> None:
    attempts = []

    @activity.defn(name="FreezePayment")
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        attempts.append(activity.info().attempt)
        raise RuntimeError(f"attempt {activity.info().attempt}")

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        error = await fails(ActivityError, order.result())
    assert attempts == [1, 2, 3]
    assert error.retry_state == RetryState.MAXIMUM_ATTEMPTS_REACHED
    assert cause(ApplicationError, error).message == "attempt 3"


async def test_an_input_that_the_workflow_cannot_read_fails_it(world: World) -> None:
    hello = await world.client.start_workflow("Hello", {"name": ["Ada"]}, id=world.unique("hello"), task_queue="hello")
    error = await fails(ApplicationError, hello.result())
    assert error.non_retryable
