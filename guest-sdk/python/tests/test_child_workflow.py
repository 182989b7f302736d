"""Children, other workflows, cancellation and sagas."""

import asyncio
import unittest
from datetime import timedelta
from typing import Any

from wrt_sdk import workflow
from wrt_sdk.cancellation import shielded
from wrt_sdk.exceptions import (
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from wrt_sdk.saga import Saga
from wrt_sdk.testing import WorkflowEnvironment, WorkflowFailureError
from wrt_sdk.workflow import ChildWorkflowCancellationType, ParentClosePolicy

SECOND = timedelta(seconds=1)


@workflow.defn
class Child:
    def __init__(self) -> None:
        self.word = ""

    @workflow.run
    async def run(self, how: str) -> str:
        if how == "fail":
            raise ApplicationError("no", type="No")
        if how == "sleep":
            await asyncio.sleep(100)
        if how == "listen":
            await workflow.wait_condition(lambda: self.word != "")
        parent = workflow.info().parent
        return f"{how} {self.word} of {parent.workflow_id if parent else None}"

    @workflow.signal
    def say(self, word: str) -> None:
        self.word = word


@workflow.defn
class Parent:
    @workflow.run
    async def run(self, how: str) -> Any:
        return await getattr(self, how)()

    async def execute(self) -> Any:
        return await workflow.execute_child_workflow(Child.run, "plain")

    async def fail(self) -> Any:
        try:
            await workflow.execute_child_workflow("Child", "fail", id="c")
        except ChildWorkflowError as error:
            return [error.workflow_type, error.workflow_id, error.cause.type]

    async def talk(self) -> Any:
        child = await workflow.start_child_workflow(Child.run, "listen", id="c")
        await child.signal(Child.say, "hello")
        return await child

    async def external(self) -> Any:
        await workflow.get_external_workflow_handle_for(Child.run, "friend").signal(Child.say, "hi")
        await workflow.get_external_workflow_handle("friend").cancel()
        try:
            await workflow.get_external_workflow_handle("nobody").signal("x")
        except ApplicationError as error:
            return error.type

    async def twice(self) -> Any:
        await workflow.start_child_workflow(Child.run, "sleep", id="c", parent_close_policy=ParentClosePolicy.ABANDON)
        try:
            await workflow.start_child_workflow(Child.run, "sleep", id="c")
        except WorkflowAlreadyStartedError as error:
            return [error.workflow_id, error.workflow_type]

    async def cancel(self) -> Any:
        child = await workflow.start_child_workflow(Child.run, "sleep", id="c")
        child.cancel()
        try:
            await child
        except ChildWorkflowError as error:
            return [is_cancelled_exception(error), child.id, child.first_execution_run_id is not None]

    async def wait(self) -> Any:
        await workflow.execute_child_workflow(Child.run, "sleep", id="c")

    async def try_cancel(self) -> Any:
        await workflow.execute_child_workflow(
            Child.run, "sleep", id="c", cancellation_type=ChildWorkflowCancellationType.TRY_CANCEL
        )

    async def shield(self) -> Any:
        await shielded(asyncio.sleep(10))

    async def clean_up(self) -> Any:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(3)

    async def saga(self) -> Any:
        done: list[str] = []

        async def undo(what: str) -> None:
            await asyncio.sleep(1)
            done.append(what)

        try:
            async with Saga() as saga:
                saga.add_compensation(undo, "first")
                saga.add_compensation(done.append, "second")
                await asyncio.sleep(100)
        except asyncio.CancelledError:
            return done

    async def failing_saga(self) -> Any:
        def fail() -> None:
            raise ApplicationError("stuck", type="Stuck")

        try:
            async with Saga(parallel=True) as saga:
                saga.add_compensation(fail)
                saga.add_compensation(asyncio.sleep, 1)
                raise ApplicationError("why", type="Why")
        except FailureError as error:
            return [error.type, error.message, error.cause.type]


class ChildTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()

    async def run_one(self, how: str) -> Any:
        return await self.env.client.execute_workflow(Parent.run, how, id="p")

    async def cancelled(self, how: str) -> tuple[Any, float]:
        """Cancels after a second; returns the result or the failure, and how long it took."""
        began = self.env.now
        handle = await self.env.client.start_workflow(Parent.run, how, id="p")
        self.env.cancel_after(SECOND, handle, "enough")
        try:
            ended = await handle.result()
        except WorkflowFailureError as error:
            ended = error.cause
        return ended, (self.env.now - began).total_seconds()

    async def test_children(self) -> None:
        for how, expected in (
            ("execute", "plain  of p"),
            ("fail", ["Child", "c", "No"]),
            ("talk", "listen hello of p"),
            ("twice", ["c", "Child"]),
            ("cancel", [True, "c", True]),
        ):
            with self.subTest(how):
                self.setUp()
                self.assertEqual(await self.run_one(how), expected)

    async def test_a_child_without_a_name_gets_the_one_that_the_server_makes(self) -> None:
        await self.run_one("execute")
        parent = self.env.client.get_workflow_handle("p")
        self.assertIsNone(parent.commands[0].options.workflow_id)

    async def test_a_mocked_child(self) -> None:
        self.env.mock_child_workflow(Child, lambda how: f"mocked {how}")
        self.assertEqual(await self.run_one("execute"), "mocked plain")

    async def test_external_workflows(self) -> None:
        self.env.allow_external_workflow("friend")
        self.assertEqual(await self.run_one("external"), "ExternalWorkflowExecutionNotFound")
        self.assertEqual(self.env.told, [("friend", "signal", "say", ["hi"]), ("friend", "cancel", "", [])])

    async def test_the_parent_close_policy(self) -> None:
        await self.run_one("twice")
        self.assertEqual(self.env.client.get_workflow_handle("c").status, "running")

    async def test_cancellation_reaches_children(self) -> None:
        # A parent that does not wait ends at once, and its child with it.
        for how, status in (("wait", "canceled"), ("try_cancel", "terminated")):
            with self.subTest(how):
                self.setUp()
                ended, seconds = await self.cancelled(how)
                self.assertIsInstance(ended, CancelledError)
                self.assertEqual(seconds, 1)
                await self.env.sleep(1)
                self.assertEqual(self.env.client.get_workflow_handle("c").status, status)

    async def test_shielded_work_and_clean_up(self) -> None:
        for how, expected in (("shield", 10), ("clean_up", 4)):
            with self.subTest(how):
                self.setUp()
                ended, seconds = await self.cancelled(how)
                self.assertIsInstance(ended, CancelledError)
                self.assertEqual(seconds, expected)

    async def test_a_saga_undoes_in_reverse_order_also_when_it_is_cancelled(self) -> None:
        self.assertEqual(await self.cancelled("saga"), (["second", "first"], 2))

    async def test_a_compensation_that_fails_is_told(self) -> None:
        self.assertEqual(
            await self.run_one("failing_saga"),
            ["CompensationFailed", "1 of 2 compensations failed: Stuck: stuck", "Why"],
        )


if __name__ == "__main__":
    unittest.main()
