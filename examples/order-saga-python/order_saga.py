"""An order as a saga: three steps, which are undone when a later one fails or the customer changes their mind."""

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from wrt_sdk import activity, http, workflow
from wrt_sdk.common import RetryPolicy
from wrt_sdk.exceptions import ApplicationError, FailureError, is_cancelled_exception
from wrt_sdk.saga import Saga

# === What an order is, from outside ===


@dataclass
class Order:
    """The input of the workflow."""

    user_id: str
    #: The articles, each as often as it is wanted.
    items: list[str]
    #: The price of everything, in cents.
    amount: int
    #: How long the customer may change their mind, in milliseconds.
    pause_ms: int = 1_000
    #: The task queue that serves `FreezePayment`, when it is not the queue of the workflow.
    payment_task_queue: str | None = None


@dataclass
class Receipt:
    """The result of the workflow: what the books call the order, the articles and the money."""

    order_id: str
    reserve_id: str
    freeze_id: str


class Step(StrEnum):
    """Where an order is."""

    STARTED = "started"
    CREATING_ORDER = "creating_order"
    RESERVING_INVENTORY = "reserving_inventory"
    #: The customer may still change their mind.
    PAUSING = "pausing"
    FREEZING_PAYMENT = "freezing_payment"
    #: A step failed, or the order was canceled: what was done is being undone.
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    #: Everything is undone.
    COMPENSATED = "compensated"


@dataclass
class Status:
    """The answer to the query `status`."""

    step: Step = Step.STARTED
    #: Why it did not come to its good end.
    error: str | None = None


# === What the activities exchange ===


@dataclass
class NewOrder:
    """An order that is to be written down."""

    user_id: str
    items: list[str]
    amount: int
    placed_at_ms: int
    #: Printed on the parcel.
    reference: str


@dataclass
class OrderCreated:
    """Names a written order."""

    order_id: str


@dataclass
class Line:
    """An article of a reservation."""

    item: str
    quantity: int


@dataclass
class Reservation:
    """What is to be set aside."""

    order_id: str
    lines: list[Line]


@dataclass
class InventoryReserved:
    """Names a reservation."""

    reserve_id: str


@dataclass
class Payment:
    """Money that is to be set aside."""

    order_id: str
    user_id: str
    amount: int


@dataclass
class PaymentFrozen:
    """Names money that was set aside."""

    freeze_id: str


# === The activities: one request to the books per attempt ===


@activity.defn(name="CreateOrder")
def create_order(order: NewOrder) -> OrderCreated:
    """Writes the order down."""
    return OrderCreated(**write(order))


@activity.defn(name="ReserveInventory")
def reserve_inventory(reservation: Reservation) -> InventoryReserved:
    """Sets the articles aside. Fails with `OutOfStock`, which no retry cures."""
    return InventoryReserved(**write(reservation))


@activity.defn(name="FreezePayment")
def freeze_payment(payment: Payment) -> PaymentFrozen:
    """Sets the money aside. Fails with `InsufficientFunds`, which no retry cures, and while the bank cannot be reached with
    `BankUnavailable`, which one does."""
    return PaymentFrozen(**write(payment))


@activity.defn(name="CancelOrder")
def cancel_order(order: OrderCreated) -> None:
    """Undoes `CreateOrder`."""
    write(order)


@activity.defn(name="ReleaseInventory")
def release_inventory(reservation: InventoryReserved) -> None:
    """Undoes `ReserveInventory`."""
    write(reservation)


@activity.defn(name="UnfreezePayment")
def unfreeze_payment(payment: PaymentFrozen) -> None:
    """Undoes `FreezePayment`."""
    write(payment)


def write(effect: Any) -> Any:
    """Writes one effect into the books: `POST /effects/<activity type>`.

    A request that is repeated with the same key gets the same answer and has no second effect. Statuses from 400 to 499 are
    final; after any other one the attempt is worth repeating.
    """
    base = os.environ.get("BOOKS_URL")
    if base is None:
        raise ApplicationError("the environment has no BOOKS_URL; grant it with the deployment", type="NotConfigured")
    info = activity.info()
    answer = http.request(
        "POST",
        f"{base}/effects/{info.activity_type}",
        headers={"idempotency-key": info.idempotency_key, "workflow-id": info.workflow_id},
        json=asdict(effect),
    )
    if answer.is_success:
        return answer.json()
    refusal = answer.json()
    raise ApplicationError(refusal["message"], type=refusal["error"], non_retryable=400 <= answer.status < 500)


# === The workflow ===

#: Spread into every activity's call.
ACTIVITY_OPTIONS = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    # What a canceled step has done must be certain, since it may have to be undone.
    cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=3,
    ),
)


@workflow.defn
class OrderWorkflow:
    """Takes an order: writes it down, reserves the articles, freezes the payment. If a step fails, or the signal
    `cancel-order` comes before the last one is done, the steps so far are undone in reverse order."""

    def __init__(self) -> None:
        self._status = Status()
        self._work: asyncio.Task[Receipt] | None = None
        self._reason: str | None = None

    @workflow.run
    async def run(self, order: Order) -> Receipt:
        # Cancelling the task stops the work in it. Awaiting it then says how far it came.
        self._work = asyncio.create_task(self._fulfil(order))
        try:
            receipt = await self._work
        except (FailureError, asyncio.CancelledError) as error:
            ended = self._told(error)
            self._status = Status(Step.COMPENSATED, str(root_cause(ended)))
            raise ended  # noqa: B904 (an error of the work keeps its own cause)
        self._status = Status(Step.COMPLETED)
        return receipt

    @workflow.signal(name="cancel-order")
    def cancel_order(self, reason: str) -> None:
        """Undoes the order, unless it is done."""
        if self._reason is None and (self._work is None or not self._work.done()):
            self._reason = reason
            workflow.logger.info("the customer cancels the order", extra={"reason": reason})
            if self._work is not None:
                self._work.cancel(reason)

    @workflow.query
    def status(self) -> Status:
        """How far the order is."""
        return self._status

    async def _fulfil(self, order: Order) -> Receipt:
        """The steps, and what undoes them if they fail."""
        async with Saga() as saga:
            try:
                return await self._take_steps(saga, order)
            except (FailureError, asyncio.CancelledError):
                self._status.step = Step.COMPENSATING
                raise

    async def _take_steps(self, saga: Saga, order: Order) -> Receipt:
        """Each step feeds the next one, and registers how it is undone."""
        self._enter(Step.CREATING_ORDER)
        created = await workflow.execute_activity(create_order, new_order(order), **ACTIVITY_OPTIONS)
        saga.add_compensation(workflow.execute_activity, cancel_order, created, **ACTIVITY_OPTIONS)

        self._enter(Step.RESERVING_INVENTORY)
        wanted = reservation(created.order_id, order.items)
        reserved = await workflow.execute_activity(reserve_inventory, wanted, **ACTIVITY_OPTIONS)
        saga.add_compensation(workflow.execute_activity, release_inventory, reserved, **ACTIVITY_OPTIONS)

        self._enter(Step.PAUSING)
        await workflow.sleep(timedelta(milliseconds=order.pause_ms), summary="time to change one's mind")

        self._enter(Step.FREEZING_PAYMENT)
        payment = Payment(created.order_id, order.user_id, order.amount)
        frozen = await workflow.execute_activity(
            freeze_payment, payment, task_queue=order.payment_task_queue, **ACTIVITY_OPTIONS
        )
        saga.add_compensation(workflow.execute_activity, unfreeze_payment, frozen, **ACTIVITY_OPTIONS)

        self._check_canceled()
        return Receipt(created.order_id, reserved.reserve_id, frozen.freeze_id)

    def _enter(self, step: Step) -> None:
        self._check_canceled()
        self._status.step = step

    def _check_canceled(self) -> None:
        """A step that was canceled may have been done nevertheless; then the request shows only here."""
        if self._reason is not None or workflow.cancellation_reason() is not None:
            raise asyncio.CancelledError

    def _told(self, error: BaseException) -> BaseException:
        """What the customer is told, unless the work had failed of itself before it heard of the signal."""
        if self._reason is not None and is_cancelled_exception(error):
            return ApplicationError(self._reason, type="OrderCanceled", non_retryable=True)
        return error


def new_order(order: Order) -> NewOrder:
    """Reads the clock and rolls dice, as any program may: on replay both say the same."""
    return NewOrder(
        user_id=order.user_id,
        items=order.items,
        amount=order.amount,
        placed_at_ms=int(time.time() * 1000),
        reference=f"{random.getrandbits(64):016x}",
    )


def reservation(order_id: str, items: list[str]) -> Reservation:
    """Counts the articles."""
    return Reservation(order_id, [Line(item, quantity) for item, quantity in Counter(items).items()])


def root_cause(error: BaseException) -> BaseException:
    """The innermost cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
