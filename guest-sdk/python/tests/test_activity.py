"""Activities, from the workflow and from within."""

import asyncio
import time
import unittest
from datetime import timedelta
from typing import Any

from wrt_sdk import activity, workflow
from wrt_sdk.common import RetryPolicy
from wrt_sdk.exceptions import ActivityError, ApplicationError, CancelledError, RetryState, TimeoutError, TimeoutType
from wrt_sdk.testing import ActivityEnvironment, WorkflowEnvironment, WorkflowFailureError
from wrt_sdk.workflow import ActivityCancellationType

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@activity.defn
async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


@activity.defn(name="Eventually")
def eventually(attempts: int) -> int:
    if activity.info().attempt < attempts:
        raise ValueError(f"attempt {activity.info().attempt}")
    return attempts


@activity.defn
def progress() -> int:
    details = activity.info().heartbeat_details
    reached = details[0] + 1 if details else 1
    activity.heartbeat(reached)
    if reached < 3:
        raise ApplicationError("go on", type="Halfway", next_retry_delay=5 * SECOND)
    return reached


class Calculator:
    def __init__(self, base: int) -> None:
        self.base = base

    @activity.defn
    def add(self, number: int) -> int:
        return self.base + number


@workflow.defn
class Call:
    @workflow.run
    async def run(self, name: str, argument: Any = None, options: dict[str, Any] | None = None) -> Any:
        given: dict[str, Any] = {"start_to_close_timeout": 10 * SECOND}
        options = options or {}
        if "attempts" in options:
            given["retry_policy"] = RetryPolicy(maximum_attempts=options["attempts"])
        if "total" in options:
            given["schedule_to_close_timeout"] = timedelta(seconds=options["total"])
        if "cancellation" in options:
            given["cancellation_type"] = ActivityCancellationType[options["cancellation"]]
        args = [] if argument is None else [argument]
        if options.get("local"):
            return await workflow.execute_local_activity(name, args=args, **given)
        return await workflow.execute_activity(name, args=args, **given)


@workflow.defn
class Method:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(Calculator.add, 2, start_to_close_timeout=SECOND)


class CallTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.env = WorkflowEnvironment()
        self.began = self.env.now

    @property
    def elapsed(self) -> float:
        return (self.env.now - self.began).total_seconds()

    async def run_one(self, *args: Any) -> Any:
        return await self.env.client.execute_workflow(Call.run, args=args)

    async def failure(self, *args: Any) -> ActivityError:
        with self.assertRaises(WorkflowFailureError) as raised:
            await self.run_one(*args)
        self.assertIsInstance(raised.exception.cause, ActivityError)
        return raised.exception.cause

    async def test_async_ones_and_local_ones(self) -> None:
        self.assertEqual(await self.run_one("double", 4), 8)
        self.assertEqual(await self.run_one("double", 5, {"local": True}), 10)

    async def test_attempts_wait_longer_and_longer(self) -> None:
        self.assertEqual(await self.run_one("Eventually", 4), 4)
        self.assertEqual(self.elapsed, 1 + 2 + 4)

    async def test_the_last_attempt_ends_it(self) -> None:
        error = await self.failure("Eventually", 4, {"attempts": 2})
        self.assertEqual(error.retry_state, RetryState.MAXIMUM_ATTEMPTS_REACHED)
        self.assertEqual((error.cause.type, error.cause.message), ("ValueError", "attempt 2"))
        self.assertIn("in eventually", error.cause.failure.stack_trace)

    async def test_heartbeats_reach_the_next_attempt(self) -> None:
        self.assertEqual(await self.run_one("progress"), 3)
        self.assertEqual(self.elapsed, 10)

    async def test_timeouts(self) -> None:
        self.env.activity_takes("double", MINUTE)
        error = await self.failure("double", 1, {"attempts": 1})
        self.assertIsInstance(error.cause, TimeoutError)
        self.assertEqual(error.cause.type, TimeoutType.START_TO_CLOSE)
        self.setUp()
        error = await self.failure("Eventually", 100, {"total": 20})
        self.assertEqual(error.retry_state, RetryState.TIMEOUT)

    async def test_cancellation_types(self) -> None:
        for kind, asked in (("TRY_CANCEL", True), ("WAIT_CANCELLATION_COMPLETED", True), ("ABANDON", False)):
            with self.subTest(kind):
                self.setUp()
                self.env.activity_takes("double", 5 * SECOND)
                handle = await self.env.client.start_workflow(Call.run, args=["double", 1, {"cancellation": kind}])
                self.env.cancel_after(SECOND, handle)
                with self.assertRaises(WorkflowFailureError) as raised:
                    await handle.result()
                self.assertIsInstance(raised.exception.cause, CancelledError)
                self.assertEqual("request-cancel-activity" in [c.kind for c in handle.commands], asked)

    async def test_a_method_needs_its_object(self) -> None:
        with self.assertRaisesRegex(RuntimeError, r"activity.register\(Calculator\(…\)\)"):
            await self.env.client.execute_workflow(Method.run)
        activity.register(Calculator(40))
        self.assertEqual(await WorkflowEnvironment().client.execute_workflow(Method.run), 42)

    async def test_options_are_checked(self) -> None:
        @workflow.defn
        class Careless:
            @workflow.run
            async def run(self) -> None:
                await workflow.execute_activity(double, 1)

        with self.assertRaisesRegex(ValueError, "start_to_close_timeout or schedule_to_close_timeout"):
            await self.env.client.execute_workflow(Careless.run)


class AttemptTest(unittest.TestCase):
    def test_a_blocking_activity_hears_of_cancellation_by_its_heartbeat(self) -> None:
        env = ActivityEnvironment()
        env.on_heartbeat = lambda number: env.cancel() if number == 2 else None

        def count() -> None:
            for number in range(10):
                activity.heartbeat(number)

        with self.assertRaises(CancelledError):
            env.run(count)
        self.assertEqual(env.heartbeats, [(0,), (1,), (2,)])

    def test_an_async_activity_is_cancelled_where_it_waits(self) -> None:
        env, seen = ActivityEnvironment(), []

        async def wait() -> None:
            asyncio.get_running_loop().call_later(0.01, env.cancel)
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append(activity.is_cancelled())
                raise

        began = time.monotonic()
        with self.assertRaises(asyncio.CancelledError):
            env.run(wait)
        self.assertEqual(seen, [True])
        self.assertLess(time.monotonic() - began, 5)

    def test_a_shield_holds_the_cancellation_back(self) -> None:
        env, seen = ActivityEnvironment(), []
        env.cancel()

        def work() -> None:
            with activity.shield_thread_cancel_exception():
                activity.heartbeat()
                seen.append("shielded")
            seen.append("not reached")

        with self.assertRaises(CancelledError):
            env.run(work)
        self.assertEqual(seen, ["shielded"])

    def test_timers_of_async_activities(self) -> None:
        async def race() -> str:
            async with asyncio.TaskGroup() as group:
                slow = group.create_task(asyncio.sleep(0.02, "slow"))
                group.create_task(asyncio.sleep(0.01))
            return slow.result()

        self.assertEqual(ActivityEnvironment().run(race), "slow")

    def test_completion_from_elsewhere_is_refused(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "cannot be completed from elsewhere"):
            ActivityEnvironment().run(activity.raise_complete_async)
        self.assertFalse(activity.in_activity())
        with self.assertRaisesRegex(RuntimeError, "Not in activity context"):
            activity.info()


if __name__ == "__main__":
    unittest.main()
