"""The order story, natively, against mocked activities: `python -m unittest`."""

import unittest
from dataclasses import replace
from datetime import timedelta

from order_saga import (
    ACTIVITY_OPTIONS,
    InventoryReserved,
    NewOrder,
    Order,
    OrderCreated,
    OrderWorkflow,
    Payment,
    PaymentFrozen,
    Receipt,
    Reservation,
    Status,
    Step,
)
from wrt_sdk.exceptions import ApplicationError, CancelledError
from wrt_sdk.testing import WorkflowEnvironment, WorkflowFailureError

PAUSE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
ORDER = Order("ada", ["cable", "keyboard", "cable"], 4_200, pause_ms=10_000)

CREATE = "create for ada"
RESERVE = "reserve 2 cable, 1 keyboard for o"
FREEZE = "freeze 4200 of ada for o"


class OrderTest(unittest.IsolatedAsyncioTestCase):
    """Every course of the story."""

    def setUp(self) -> None:
        self.effects: list[str] = []
        self.env = WorkflowEnvironment()
        self.began = self.env.now

        def create(order: NewOrder) -> OrderCreated:
            self.effects.append(f"create for {order.user_id}")
            return OrderCreated("o")

        def reserve(reservation: Reservation) -> InventoryReserved:
            lines = ", ".join(f"{line.quantity} {line.item}" for line in reservation.lines)
            self.effects.append(f"reserve {lines} for {reservation.order_id}")
            return InventoryReserved("r")

        def freeze(payment: Payment) -> PaymentFrozen:
            self.effects.append(f"freeze {payment.amount} of {payment.user_id} for {payment.order_id}")
            return PaymentFrozen("f")

        self.env.mock_activity("CreateOrder", create)
        self.env.mock_activity("ReserveInventory", reserve)
        self.env.mock_activity("FreezePayment", freeze)
        self.env.mock_activity("CancelOrder", lambda order: self.effects.append(f"cancel {order['order_id']}"))
        self.env.mock_activity("ReleaseInventory", lambda r: self.effects.append(f"release {r['reserve_id']}"))
        self.env.mock_activity("UnfreezePayment", lambda f: self.effects.append(f"unfreeze {f['freeze_id']}"))

    async def start(self, order=ORDER, **options):
        return await self.env.client.start_workflow(OrderWorkflow.run, order, **options)

    async def failure(self, handle) -> BaseException:
        with self.assertRaises(WorkflowFailureError) as raised:
            await handle.result()
        return raised.exception.cause

    async def test_every_step_feeds_the_next_one(self) -> None:
        handle = await self.start()
        self.assertEqual(await handle.result(), Receipt("o", "r", "f"))
        self.assertEqual(self.effects, [CREATE, RESERVE, FREEZE])
        self.assertEqual(self.env.now - self.began, PAUSE)

    async def test_the_status_can_be_asked_at_any_time_and_after_the_end(self) -> None:
        handle = await self.start()
        self.env.activity_takes("CreateOrder", SECOND)
        self.assertEqual((await handle.query(OrderWorkflow.status)).step, Step.CREATING_ORDER)
        await self.env.sleep(2 * SECOND)
        self.assertEqual((await handle.query("status"))["step"], "pausing")
        await handle.result()
        self.assertEqual(await handle.query(OrderWorkflow.status), Status(Step.COMPLETED))

    async def test_the_options_are_inherited_and_the_queue_of_the_payment_is_its_own(self) -> None:
        handle = await self.start(replace(ORDER, payment_task_queue="bank"))
        await handle.result()
        options = [command.options for command in handle.commands if command.kind == "schedule-activity"]
        self.assertEqual([given.task_queue for given in options], [None, None, "bank"])
        self.assertEqual({given.retry_policy.maximum_attempts for given in options}, {3})
        self.assertEqual(
            {given.start_to_close_timeout for given in options}, {ACTIVITY_OPTIONS["start_to_close_timeout"]}
        )

    async def test_a_failed_step_undoes_the_ones_before_in_reverse_order(self) -> None:
        expected = {
            "CreateOrder": [],
            "ReserveInventory": [CREATE, "cancel o"],
            "FreezePayment": [CREATE, RESERVE, "release r", "cancel o"],
        }

        def sold_out(_):
            raise ApplicationError("sold out", type="OutOfStock", non_retryable=True)

        for activity, effects in expected.items():
            with self.subTest(activity):
                self.setUp()
                self.env.mock_activity(activity, sold_out)
                handle = await self.start()
                error = await self.failure(handle)
                self.assertEqual(error.cause.type, "OutOfStock")
                self.assertEqual(self.effects, effects)
                status = await handle.query(OrderWorkflow.status)
                self.assertEqual(status, Status(Step.COMPENSATED, "OutOfStock: sold out"))

    async def test_a_step_is_tried_three_times(self) -> None:
        attempts = []

        def unreachable(_):
            attempts.append(self.env.now)
            raise ApplicationError("no answer", type="BankUnavailable")

        self.env.mock_activity("FreezePayment", unreachable)
        error = await self.failure(await self.start())
        self.assertEqual(error.cause.type, "BankUnavailable")
        self.assertEqual((len(attempts), attempts[-1] - self.began), (3, PAUSE + 3 * SECOND))
        self.assertEqual(self.effects[2:], ["release r", "cancel o"])

    async def test_the_signal_undoes_what_was_done_until_then(self) -> None:
        for after, effects in ((0 * SECOND, []), (6 * SECOND, [CREATE, RESERVE, "release r", "cancel o"])):
            with self.subTest(after):
                self.setUp()
                for activity in ("CreateOrder", "ReserveInventory", "FreezePayment"):
                    self.env.activity_takes(activity, 2 * SECOND)
                handle = await self.start()
                self.env.signal_after(after, handle, OrderWorkflow.cancel_order, "changed my mind")
                error = await self.failure(handle)
                self.assertEqual(error.type, "OrderCanceled")
                self.assertEqual(self.effects, effects)
                status = await handle.query(OrderWorkflow.status)
                self.assertEqual(status, Status(Step.COMPENSATED, "OrderCanceled: changed my mind"))

    async def test_the_signal_with_the_start_lets_nothing_begin(self) -> None:
        handle = await self.start(start_signal="cancel-order", start_signal_args=["too fast"])
        self.assertEqual((await self.failure(handle)).type, "OrderCanceled")
        self.assertEqual(self.effects, [])

    async def test_the_signal_after_the_end_changes_nothing(self) -> None:
        handle = await self.start()
        self.env.signal_after(PAUSE + SECOND, handle, OrderWorkflow.cancel_order, "too late")
        await handle.result()
        self.assertEqual(len(self.effects), 3)

    async def test_a_canceled_run_is_undone_too(self) -> None:
        handle = await self.start()
        self.env.cancel_after(SECOND, handle, "maintenance")
        self.assertIsInstance(await self.failure(handle), CancelledError)
        self.assertEqual(self.effects, [CREATE, RESERVE, "release r", "cancel o"])


if __name__ == "__main__":
    unittest.main()
