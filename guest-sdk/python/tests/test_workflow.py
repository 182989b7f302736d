"""Signals, queries, updates, time and asyncio, natively."""

import asyncio
import unittest
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wrt_sdk import signals, workflow
from wrt_sdk.common import RawValue
from wrt_sdk.exceptions import ApplicationError
from wrt_sdk.testing import WorkflowEnvironment, WorkflowFailureError, WorkflowUpdateFailedError
from wrt_sdk.workflow import HandlerUnfinishedPolicy

SECOND = timedelta(seconds=1)


@dataclass
class Item:
    name: str
    count: int = 1


@workflow.defn
class Cart:
    """A cart."""

    @workflow.init
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.items: list[Item] = []
        self.closed = False

    @workflow.run
    async def run(self, owner: str) -> list[Item]:
        await workflow.wait_condition(lambda: self.closed)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.items

    @workflow.signal
    def add(self, item: Item) -> None:
        self.items.append(item)

    @workflow.signal(name="add-slowly")
    async def add_slowly(self, item: Item) -> None:
        await asyncio.sleep(10)
        self.items.append(item)

    @workflow.signal
    def close(self) -> None:
        self.closed = True

    @workflow.query
    def total(self, least: int = 0) -> int:
        return sum(item.count for item in self.items if item.count >= least)

    @workflow.query
    def forbidden(self) -> None:
        workflow.upsert_memo({"a": 1})

    @workflow.update
    async def rename(self, owner: str) -> str:
        info = workflow.current_update_info()
        assert info is not None
        await workflow.sleep(SECOND)
        self.owner, before = owner, self.owner
        return f"{before} by {info.id}"

    @rename.validator
    def check_name(self, owner: str) -> None:
        if not owner:
            raise ApplicationError("a name is needed", type="Empty")

    @workflow.update(unfinished_policy=HandlerUnfinishedPolicy.ABANDON)
    def explode(self) -> None:
        raise ApplicationError("boom", type="Boom")


class HandlerTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()

    async def test_signals_queries_and_updates(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada", id="cart")
        await cart.signal(Cart.add, Item("pen", 2))
        await cart.signal("add-slowly", Item("ink"))
        self.assertEqual(await cart.query(Cart.total), 2)
        self.assertEqual(await cart.execute_update(Cart.rename, "bob", id="u1"), "ada by u1")
        await cart.signal(Cart.close)
        self.assertEqual(await cart.result(), [Item("pen", 2), Item("ink")])
        self.assertEqual(await cart.query("total", 2), 2)

    async def test_a_rejected_update_leaves_nothing(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada")
        with self.assertRaises(WorkflowUpdateFailedError) as raised:
            await cart.execute_update(Cart.rename, "")
        self.assertEqual(raised.exception.cause.type, "Empty")
        self.assertEqual(list(cart.commands), [])

    async def test_a_failed_update_fails_only_itself(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada")
        with self.assertRaises(WorkflowUpdateFailedError) as raised:
            await cart.execute_update(Cart.explode)
        self.assertEqual(raised.exception.cause.type, "Boom")
        self.assertEqual(cart.status, "running")

    async def test_an_unknown_update_is_rejected_and_an_unknown_query_names_the_known(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada")
        with self.assertRaises(WorkflowUpdateFailedError) as raised:
            await cart.execute_update("nothing")
        self.assertIn("explode, rename", str(raised.exception.cause))
        with self.assertRaisesRegex(Exception, "forbidden, total"):
            await cart.query("nothing")

    async def test_a_query_cannot_issue_commands(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada")
        with self.assertRaises(workflow.ReadOnlyContextError):
            await cart.query(Cart.forbidden)

    async def test_a_signal_that_does_not_fit_is_dropped(self) -> None:
        cart = await self.env.client.start_workflow(Cart.run, "ada")
        await cart.signal("add", 7)
        await self.env.sleep(SECOND)
        self.assertEqual(await cart.query(Cart.total), 0)
        self.assertIn("signal dropped", self.env.log[0][1])


@workflow.defn
class Dynamic:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    @workflow.run
    async def run(self) -> list[Any]:
        workflow.set_update_handler("late", self._late)
        await workflow.wait_condition(lambda: len(self.seen) == 3)
        return self.seen

    @workflow.signal(dynamic=True)
    async def any_signal(self, name: str, args: Sequence[RawValue]) -> None:
        converter = workflow.payload_converter()
        self.seen.append([name, *[converter.from_payload(arg.payload, int) for arg in args]])

    @workflow.query(dynamic=True)
    def any_query(self, name: str, args: Sequence[RawValue]) -> str:
        return f"{name} {len(args)}"

    async def _late(self, value: str) -> str:
        self.seen.append(value)
        return value.upper()


@workflow.defn
class Streams:
    @workflow.run
    async def run(self) -> list[int]:
        stream = signals.stream("number", int)
        first = await stream.receive()
        numbers = [first]
        async for number in stream:
            numbers.append(number)
            if number == 3:
                return numbers
        return []


class DynamicTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()

    async def test_dynamic_handlers_and_one_that_is_set_while_it_runs(self) -> None:
        handle = await self.env.client.start_workflow(Dynamic.run)
        await handle.signal("one", 1)
        self.assertEqual(await handle.query("what", args=[1, 2]), "what 2")
        self.assertEqual(await handle.execute_update("late", "x"), "X")
        await handle.signal("two", args=[2, 2])
        self.assertEqual(await handle.result(), [["one", 1], "x", ["two", 2, 2]])

    async def test_a_stream_loses_no_signal(self) -> None:
        handle = await self.env.client.start_workflow(Streams.run)
        for number in (1, 2, 3):
            await handle.signal("number", number)
        self.assertEqual(await handle.result(), [1, 2, 3])


@workflow.defn
class Concurrency:
    @workflow.run
    async def run(self, how: str) -> Any:
        return await getattr(self, how)()

    async def gather(self) -> Any:
        async def nap(seconds: float) -> float:
            await asyncio.sleep(seconds)
            return seconds

        return await asyncio.gather(nap(3), nap(1), nap(2))

    async def group(self) -> Any:
        done = []

        async def nap(seconds: int) -> None:
            await workflow.sleep(seconds, summary=f"nap {seconds}")
            done.append(seconds)

        async with asyncio.TaskGroup() as group:
            for seconds in (3, 1, 2):
                group.create_task(nap(seconds))
        return done

    async def timeout(self) -> Any:
        try:
            async with asyncio.timeout(5):
                await asyncio.sleep(1000)
        except TimeoutError:
            return "timeout"

    async def wait_for(self) -> Any:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 5)
        except asyncio.TimeoutError:
            return "timeout"

    async def condition_timeout(self) -> Any:
        await workflow.wait_condition(lambda: False, timeout=5, timeout_summary="enough")

    async def completed(self) -> Any:
        async def nap(seconds: int) -> int:
            await asyncio.sleep(seconds)
            return seconds

        return [await next_one for next_one in workflow.as_completed([nap(3), nap(1), nap(2)])]

    async def wait(self) -> Any:
        tasks = [asyncio.create_task(asyncio.sleep(seconds, seconds)) for seconds in (3, 1, 2)]
        done, pending = await workflow.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return [task.result() for task in done]

    async def queue(self) -> Any:
        queue: asyncio.Queue[int] = asyncio.Queue(1)
        lock, seen = asyncio.Lock(), []

        async def produce() -> None:
            for number in range(3):
                async with lock:
                    await queue.put(number)

        producing = asyncio.create_task(produce())
        for _ in range(3):
            seen.append(await queue.get())
        await producing
        return seen

    async def random(self) -> Any:
        return [
            workflow.random().random(),
            str(workflow.uuid4()),
            workflow.new_random().random(),
            str(workflow.uuid7()),
        ]

    async def thread(self) -> Any:
        await asyncio.to_thread(print)

    async def bug(self) -> Any:
        raise KeyError("bug")

    async def lost(self) -> Any:
        async def fail() -> None:
            raise ValueError("lost")

        asyncio.create_task(fail())
        await asyncio.sleep(1)
        return "done"


class ConcurrencyTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()
        self.began = self.env.now

    async def run_one(self, how: str) -> Any:
        return await self.env.client.execute_workflow(Concurrency.run, how, id="c")

    async def test_everything_of_asyncio_that_needs_no_thread(self) -> None:
        for how, expected, seconds in (
            ("gather", [3, 1, 2], 3),
            ("group", [1, 2, 3], 3),
            ("timeout", "timeout", 5),
            ("wait_for", "timeout", 5),
            ("completed", [1, 2, 3], 3),
            ("wait", [1], 1),
            ("queue", [0, 1, 2], 0),
        ):
            with self.subTest(how):
                self.setUp()
                self.assertEqual(await self.run_one(how), expected)
                self.assertEqual(self.env.now - self.began, timedelta(seconds=seconds))

    async def test_randomness_belongs_to_the_run(self) -> None:
        first = await self.run_one("random")
        self.setUp()
        self.assertEqual(await self.run_one("random"), first)

    async def test_a_timeout_that_is_let_through_fails_the_run(self) -> None:
        with self.assertRaises(WorkflowFailureError) as raised:
            await self.run_one("condition_timeout")
        self.assertEqual(raised.exception.cause.type, "TimeoutError")

    async def test_a_bug_comes_out(self) -> None:
        with self.assertRaises(KeyError):
            await self.run_one("bug")

    async def test_threads_are_refused_with_a_reason(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "no threads"):
            await self.run_one("thread")

    async def test_an_error_that_nobody_asked_for_is_logged(self) -> None:
        self.assertEqual(await self.run_one("lost"), "done")
        self.assertIn("never retrieved", self.env.log[0][1])


class DefinitionTest(unittest.TestCase):
    def test_mistakes_are_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "no method that is decorated with @workflow.run"):

            @workflow.defn
            class Nothing:
                pass

        with self.assertRaisesRegex(ValueError, "needs an async function"):

            class Sync:
                @workflow.run
                def run(self) -> None: ...

        with self.assertRaisesRegex(Exception, "Not in workflow event loop"):
            workflow.now()
        with self.assertRaisesRegex(TypeError, "is no signal"):
            from wrt_sdk.workflow.definition import handler_name

            handler_name(Cart.total, "signal")


if __name__ == "__main__":
    unittest.main()
