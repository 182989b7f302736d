"""The SDK's own environments for tests, which start the program themselves."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue, SearchAttributeKey
from temporalio.testing import WorkflowEnvironment

from harness import places
from harness.server import command
from harness.world import World

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
