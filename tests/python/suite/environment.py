"""The SDK's own environments for tests, which start the program themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import RawValue, RetryPolicy, SearchAttributeKey
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import places
from harness.server import command
from harness.world import World

DAY = timedelta(days=1)
YEAR = timedelta(days=365)

# Sleeps for a year.
LONG = f"start => timer {YEAR.days * 24 * 3600}\nfired 1 => complete 1"


async def start_scripted(client: Client, script: str) -> object:
    """Deploys the scripted workflow, runs it, and returns its result."""
    address = client.service_client.config.target_host
    await command(address, "deploy", str(places.guest("contract-guest")), "--task-queue", "contract")
    payload = Payload(metadata={"encoding": b"json/plain"}, data=script.encode())
    return await client.execute_workflow("Scripted", RawValue(payload), id="scripted", task_queue="contract")


async def test_the_local_environment_runs_on_this_server(world: World) -> None:
    color = SearchAttributeKey.for_keyword("Color")
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(places.wrt()),
        dev_server_database_filename=":memory:",
        search_attributes=[color],
        ui=True,
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.error=100", "--metrics-port", "1"],
    ) as environment:
        assert not environment.supports_time_skipping
        assert await start_scripted(environment.client, "start => complete 7") == 7
        assert (await environment.client.count_workflows("Color IS NULL")).count == 1


async def test_the_time_skipping_environment_runs_on_this_server(world: World) -> None:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(places.wrt()),
    ) as environment:
        begin = await environment.get_current_time()
        await environment.sleep(timedelta(hours=5))
        slept = await environment.get_current_time() - begin
        assert timedelta(hours=5) <= slept < timedelta(hours=6), slept
        assert await start_scripted(environment.client, LONG) == 1
        assert await environment.get_current_time() - begin >= YEAR


@activity.defn
async def third_time_lucky() -> int:
    attempt = activity.info().attempt
    if attempt < 3:
        raise RuntimeError(f"attempt {attempt}")
    return attempt


@workflow.defn
class Year:
    """Sleeps for a year, and says for how many days it has."""

    @workflow.run
    async def run(self) -> int:
        begin = workflow.now()
        await asyncio.sleep(YEAR.total_seconds())
        return (workflow.now() - begin).days


@workflow.defn
class Patient:
    """Has an activity whose retries are days apart, and says how many days it took."""

    @workflow.run
    async def run(self) -> int:
        begin = workflow.now()
        retry = RetryPolicy(initial_interval=DAY)
        await workflow.execute_activity(third_time_lucky, start_to_close_timeout=DAY, retry_policy=retry)
        return (workflow.now() - begin).days


@workflow.defn
class Light:
    """Sleeps for 30 days or until it is woken, and says which."""

    def __init__(self) -> None:
        self.is_awake = False

    @workflow.run
    async def run(self) -> str:
        try:
            await workflow.wait_condition(lambda: self.is_awake, timeout=30 * DAY)
        except asyncio.TimeoutError:
            return "slept"
        return "woken"

    @workflow.signal
    def wake(self) -> None:
        self.is_awake = True


@asynccontextmanager
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping environment with a worker on the task queue `test`."""
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(places.wrt()))
    async with (
        environment,
        Worker(
            environment.client,
            task_queue="test",
            workflows=[Year, Patient, Light],
            activities=[third_time_lucky],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):
        yield environment


async def test_a_worker_lives_through_years(world: World) -> None:
    async with skipping() as environment:
        client, begin = environment.client, await environment.get_current_time()
        assert await client.execute_workflow(Year.run, id="year", task_queue="test") == YEAR.days
        assert await client.execute_workflow(Patient.run, id="patient", task_queue="test") == 3
        assert await client.execute_workflow(Light.run, id="light", task_queue="test") == "slept"
        passed = await environment.get_current_time() - begin
        assert YEAR + 33 * DAY <= passed < YEAR + 34 * DAY, passed


async def test_a_signal_finds_a_worker_asleep(world: World) -> None:
    async with skipping() as environment:
        begin = await environment.get_current_time()
        light = await environment.client.start_workflow(Light.run, id="light", task_queue="test")
        await environment.sleep(10 * DAY)
        assert (await light.describe()).status == WorkflowExecutionStatus.RUNNING
        await light.signal(Light.wake)
        assert await light.result() == "woken"
        assert await environment.get_current_time() - begin < 11 * DAY


async def test_time_stands_still_while_skipping_is_disabled(world: World) -> None:
    async with skipping() as environment:
        begin = await environment.get_current_time()
        light = await environment.client.start_workflow(Light.run, id="light", task_queue="test")
        with environment.auto_time_skipping_disabled():
            result = asyncio.create_task(light.result())
            done, _ = await asyncio.wait([result], timeout=0.5)
            assert not done
            assert await environment.get_current_time() - begin < timedelta(hours=1)
            await light.signal(Light.wake)
            assert await result == "woken"
        assert await environment.get_current_time() - begin < timedelta(hours=1)
