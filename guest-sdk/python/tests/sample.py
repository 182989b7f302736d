"""A file as it is written for Temporal's SDK, with everything in it. `test_compat.py` imports it unchanged."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker

with workflow.unsafe.imports_passed_through():
    import json

assert json and Payload and RetryPolicy and SearchAttributeKey and DataConverter and PayloadCodec


class MyInterceptor(Interceptor):
    pass


@dataclass
class Input:
    greeting: str
    name: str


@activity.defn
async def compose_greeting(input: Input) -> str:
    activity.logger.info("Running activity with parameter %s", input)
    return f"{input.greeting}, {input.name}!"


@workflow.defn(sandboxed=False)
class Greeting:
    @workflow.run
    async def run(self, name: str) -> str:
        workflow.logger.info("Running workflow with parameter %s", name)
        if not name:
            raise ApplicationError("no name")
        return await workflow.execute_activity(
            compose_greeting, Input("Hello", name), start_to_close_timeout=timedelta(seconds=10)
        )


async def main() -> None:
    client = await Client.connect(**ClientConfig.load_client_connect_config())
    async with Worker(
        client,
        task_queue="hello",
        workflows=[Greeting],
        activities=[compose_greeting],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        print(await client.execute_workflow(Greeting.run, "World", id="hello", task_queue="hello"))


if __name__ == "__main__":
    asyncio.run(main())
