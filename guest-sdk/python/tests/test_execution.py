"""Continue-as-new, patches, memo, search attributes, info and failures, natively."""

import unittest
from datetime import UTC, datetime, timedelta
from typing import Any

from wrt_sdk import workflow
from wrt_sdk.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from wrt_sdk.exceptions import ApplicationError, TerminatedError, TimeoutError
from wrt_sdk.testing import WorkflowEnvironment, WorkflowFailureError

CITY = SearchAttributeKey.for_keyword("City")
SINCE = SearchAttributeKey.for_datetime("Since")


@workflow.defn
class Counter:
    @workflow.run
    async def run(self, number: int, goal: int) -> list[Any]:
        await workflow.sleep(1)
        if number < goal:
            workflow.continue_as_new(args=[number + 1, goal], memo={"number": number + 1})
        return [number, workflow.info().continued_run_id, workflow.memo_value("number", 0)]


@workflow.defn
class Facts:
    @workflow.run
    async def run(self) -> Any:
        workflow.upsert_memo({"b": [1], "a": None})
        since = datetime(2026, 1, 2, tzinfo=UTC)
        workflow.upsert_search_attributes([CITY.value_set("Paris"), SINCE.value_set(since)])
        workflow.upsert_search_attributes({"Old": ["x"], "Rooms": [3]})
        workflow.set_current_details("here")
        info = workflow.info()
        attributes = info.typed_search_attributes
        assert attributes[SINCE] == since and workflow.get_current_details() == "here"
        workflow.upsert_search_attributes([CITY.value_unset()])
        return {
            "memo": dict(workflow.memo()),
            "city": attributes[CITY],
            "attributes": sorted(workflow.info().search_attributes),
            "rooms": workflow.info().search_attributes["Rooms"],
            "type": info.workflow_type,
            "root": info.root,
            "in": workflow.in_workflow(),
            "replaying": workflow.unsafe.is_replaying(),
        }


@workflow.defn
class Patched:
    @workflow.run
    async def run(self) -> str:
        workflow.deprecate_patch("old")
        return "new" if workflow.patched("p") else "old"


class Expected(Exception):
    pass


@workflow.defn(failure_exception_types=[Expected])
class Fails:
    @workflow.run
    async def run(self, how: str) -> None:
        if how == "type":
            raise Expected("told")
        if how == "chain":
            try:
                raise ValueError("inner")
            except ValueError as inner:
                raise ApplicationError("outer", 1, {"a": 2}, type="T", non_retryable=True) from inner
        if how == "nexus":
            workflow.create_nexus_client(service="x", endpoint="y")
        await workflow.sleep(1000)

    @workflow.signal
    def poison(self) -> None:
        raise ApplicationError("poisoned", type="Poison")


class ExecutionTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()

    async def failure(self, how: str, **options: Any) -> BaseException:
        with self.assertRaises(WorkflowFailureError) as raised:
            await self.env.client.execute_workflow(Fails.run, how, **options)
        return raised.exception.cause

    async def test_a_chain_of_runs(self) -> None:
        handle = await self.env.client.start_workflow(Counter.run, args=[1, 3])
        self.assertEqual(await handle.result(), [3, "run-2", 3])

    async def test_facts(self) -> None:
        facts = await self.env.client.execute_workflow(
            Facts.run,
            memo={"a": "gone"},
            search_attributes=TypedSearchAttributes([SearchAttributePair(CITY, "Rome")]),
        )
        self.assertEqual(
            facts,
            {
                "memo": {"b": [1]},
                "city": "Paris",
                "attributes": ["Old", "Rooms", "Since"],
                "rooms": [3],
                "type": "Facts",
                "root": None,
                "in": True,
                "replaying": False,
            },
        )
        self.assertFalse(workflow.in_workflow())

    async def test_patches(self) -> None:
        self.assertEqual(await self.env.client.execute_workflow(Patched.run), "new")
        self.env.set_patched("p", False)
        self.assertEqual(await self.env.client.execute_workflow(Patched.run), "old")

    async def test_failures(self) -> None:
        self.assertEqual((await self.failure("type")).type, "Expected")
        error = await self.failure("chain")
        self.assertEqual((error.type, error.non_retryable, list(error.details)), ("T", True, [1, {"a": 2}]))
        self.assertEqual((error.cause.type, error.cause.message), ("ValueError", "inner"))
        with self.assertRaisesRegex(NotImplementedError, "no Nexus operations"):
            await self.env.client.execute_workflow(Fails.run, "nexus")

    async def test_a_failure_in_a_signal_handler_fails_the_run(self) -> None:
        handle = await self.env.client.start_workflow(Fails.run, "wait")
        await handle.signal(Fails.poison)
        with self.assertRaises(WorkflowFailureError) as raised:
            await handle.result()
        self.assertEqual(raised.exception.cause.type, "Poison")

    async def test_ends_from_outside(self) -> None:
        error = await self.failure("wait", run_timeout=timedelta(seconds=5))
        self.assertIsInstance(error, TimeoutError)
        handle = await self.env.client.start_workflow(Fails.run, "wait")
        await handle.terminate()
        with self.assertRaises(WorkflowFailureError) as raised:
            await handle.result()
        self.assertIsInstance(raised.exception.cause, TerminatedError)


if __name__ == "__main__":
    unittest.main()
