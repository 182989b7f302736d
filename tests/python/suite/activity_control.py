"""Pending activities that are paused, reset and given other options, as a worker of the SDK hears of it."""

from __future__ import annotations

import asyncio

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from temporalio import activity
from temporalio.api.activity.v1 import ActivityOptions
from temporalio.api.common.v1 import RetryPolicy, WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    ResetActivityRequest,
    UnpauseActivityRequest,
    UpdateActivityOptionsRequest,
)
from temporalio.client import WorkflowHandle
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.orders import Order, Payment, PaymentFrozen
from harness.world import World, scheduled

# How often an activity says that it is alive.
HEARTBEAT_SECONDS = 0.02

PAYMENT = "FreezePayment"


class Bank:
    """A payment that takes its first attempt for ever, and notes why it was asked to stop."""

    def __init__(self) -> None:
        self.attempts: list[int] = []
        self.stopped: list[activity.ActivityCancellationDetails | None] = []
        self.beating = asyncio.Event()

    async def freeze(self) -> PaymentFrozen:
        self.attempts.append(activity.info().attempt)
        if len(self.attempts) > 1:
            return PaymentFrozen(f"after {len(self.stopped)} stop")
        try:
            while True:
                activity.heartbeat("alive")
                self.beating.set()
                await asyncio.sleep(HEARTBEAT_SECONDS)
        except asyncio.CancelledError:
            self.stopped.append(activity.cancellation_details())
            raise


async def pending(order: WorkflowHandle[object, object]) -> PendingActivityInfo:
    """The activity that is open."""
    [found] = (await order.describe()).raw_description.pending_activities
    return found


async def in_state(
    order: WorkflowHandle[object, object], state: PendingActivityState.ValueType
) -> PendingActivityInfo:
    """The activity that is open, as soon as it is in this state."""
    while (found := await pending(order)).state != state:
        await asyncio.sleep(0)
    return found


def execution(order: WorkflowHandle[object, object]) -> WorkflowExecution:
    """Its name in requests."""
    return WorkflowExecution(workflow_id=order.id)


async def test_a_pause_stops_the_attempt_and_an_unpause_begins_the_next(world: World) -> None:
    bank = Bank()

    @activity.defn(name=PAYMENT)
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        return await bank.freeze()

    service = world.client.workflow_service
    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await bank.beating.wait()
        await service.pause_activity(
            PauseActivityRequest(
                namespace="default", execution=execution(order), type=PAYMENT, identity="me", reason="audit"
            )
        )
        paused = await in_state(order, PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED)
        assert (paused.paused, paused.attempt) == (True, 2)
        assert (paused.pause_info.manual.identity, paused.pause_info.manual.reason) == ("me", "audit")
        assert paused.last_failure.application_failure_info.type == "ActivityPause"
        await service.unpause_activity(
            UnpauseActivityRequest(namespace="default", execution=execution(order), type=PAYMENT)
        )
        receipt = await order.result()
    assert receipt.freeze_id == "after 1 stop"
    assert bank.attempts == [1, 2]
    [details] = bank.stopped
    assert details is not None and details.paused and not details.cancel_requested


async def test_a_reset_begins_the_first_attempt_again(world: World) -> None:
    bank = Bank()

    @activity.defn(name=PAYMENT)
    async def freeze_payment(payment: Payment) -> PaymentFrozen:
        return await bank.freeze()

    async with world.worker(freeze_payment) as task_queue:
        order = await world.start_order(Order(payment_task_queue=task_queue))
        await bank.beating.wait()
        await world.client.workflow_service.reset_activity(
            ResetActivityRequest(namespace="default", execution=execution(order), match_all=True, reset_heartbeat=True)
        )
        await order.result()
    # The attempt that was under way counts as the first.
    assert bank.attempts == [1, 2]
    [details] = bank.stopped
    assert details is not None and details.reset


async def test_other_options_are_taken_one_by_one(world: World) -> None:
    order = await world.start_order(Order(payment_task_queue=world.unique("unserved")))
    await scheduled(order, PAYMENT)
    request = UpdateActivityOptionsRequest(
        namespace="default",
        execution=execution(order),
        type=PAYMENT,
        activity_options=ActivityOptions(
            start_to_close_timeout=Duration(seconds=7), retry_policy=RetryPolicy(maximum_attempts=4)
        ),
        update_mask=FieldMask(paths=["startToCloseTimeout", "retryPolicy.maximumAttempts"]),
    )
    answer = await world.client.workflow_service.update_activity_options(request)
    assert answer.activity_options.start_to_close_timeout.seconds == 7
    found = await pending(order)
    assert found.maximum_attempts == 4
    assert found.activity_options.start_to_close_timeout.seconds == 7
    request.update_mask.paths[:] = ["colour"]
    await refused(
        RPCStatusCode.INVALID_ARGUMENT, world.client.workflow_service.update_activity_options(request), "colour"
    )
    await order.terminate()
