"""Workflows and activities that run in a worker of the Python SDK."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from . import world

SHORT = timedelta(seconds=20)


@activity.defn
async def greet(name: str) -> str:
    return f"Hello, {name}!"


@activity.defn
async def third_time_lucky() -> str:
    attempt = activity.info().attempt
    if attempt < 3:
        raise RuntimeError(f"attempt {attempt}")
    return "lucky"


@activity.defn
async def wait_for_cancel() -> str:
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.05)


@workflow.defn
class Double:
    """A child."""

    @workflow.run
    async def run(self, number: int) -> int:
        await asyncio.sleep(0.01)
        return 2 * number


@workflow.defn
class Everything:
    """One of each: activities, local ones, a timer, a child, a patch; then it waits to be finished."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.sum = 0
        self.is_finished = False

    @workflow.run
    async def run(self, name: str) -> list[Any]:
        greeting = await workflow.execute_activity(greet, name, start_to_close_timeout=SHORT)
        local = await workflow.execute_local_activity(greet, "local", start_to_close_timeout=SHORT)
        retry = RetryPolicy(initial_interval=timedelta(milliseconds=10))
        luck = await workflow.execute_activity(third_time_lucky, start_to_close_timeout=SHORT, retry_policy=retry)
        await asyncio.sleep(0.05)
        doubled = await workflow.execute_child_workflow(Double.run, 21)
        patched = workflow.patched("a-patch")
        await workflow.wait_condition(lambda: self.is_finished)
        return [greeting, local, luck, doubled, patched, self.signals, self.sum]

    @workflow.signal
    def note(self, word: str) -> None:
        self.signals.append(word)

    @workflow.signal
    def finish(self) -> None:
        self.is_finished = True

    @workflow.query
    def notes(self) -> list[str]:
        return self.signals

    @workflow.query
    def broken(self) -> None:
        raise ValueError("no answer")

    @workflow.update
    async def add(self, number: int) -> int:
        self.sum += number
        await asyncio.sleep(0.01)
        return self.sum

    @add.validator
    def check_add(self, number: int) -> None:
        if number < 0:
            raise ValueError("negative")


@workflow.defn
class Countdown:
    """Continues as new until it has come to zero."""

    @workflow.run
    async def run(self, number: int) -> str:
        if number > 0:
            workflow.continue_as_new(number - 1)
        return f"after {workflow.info().continued_run_id is not None}"


@workflow.defn
class Failing:
    @workflow.run
    async def run(self) -> None:
        raise ApplicationError("went wrong", "detail", type="Wrong")


@workflow.defn
class Canceled:
    """Hands its cancellation on to an activity."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            wait_for_cancel,
            start_to_close_timeout=SHORT,
            heartbeat_timeout=timedelta(seconds=1),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


@workflow.defn
class Mixed:
    """Has a component do the work: an activity, and a child."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_child_workflow("Hello", "Ada", task_queue=world.HELLO, result_type=str)


@workflow.defn
class Stuck:
    """Fails its workflow task until somebody mends it, as with a defect in its code."""

    is_mended = False

    @workflow.run
    async def run(self) -> str:
        if not Stuck.is_mended:
            raise RuntimeError("a defect")
        return "mended"


WORKFLOWS = [Everything, Double, Countdown, Failing, Canceled, Mixed, Stuck]
ACTIVITIES = [greet, third_time_lucky, wait_for_cancel]
