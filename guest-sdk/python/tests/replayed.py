"""A workflow that uses everything that leaves something in a history. `histories/` was written by its component."""

import asyncio
from datetime import timedelta
from typing import Any

from wrt_sdk import activity, signals, workflow
from wrt_sdk.common import RetryPolicy, SearchAttributeKey
from wrt_sdk.exceptions import ActivityError, ApplicationError, ChildWorkflowError

SECONDS = timedelta(seconds=10)


@activity.defn
def echo(value: Any) -> Any:
    """Returns what it is given, and fails for the text `fail`."""
    if value == "fail":
        raise ApplicationError("told to", type="Told", non_retryable=True)
    return value


@workflow.defn
class Everything:
    """Does one thing after the other."""

    def __init__(self) -> None:
        self.name = ""

    @workflow.run
    async def run(self, last: str) -> Any:
        out: list[Any] = [await workflow.execute_activity(echo, {"a": 1}, start_to_close_timeout=SECONDS)]
        out.append(await workflow.execute_local_activity(echo, "local", start_to_close_timeout=SECONDS))
        try:
            await workflow.execute_activity(
                echo, "fail", start_to_close_timeout=SECONDS, retry_policy=RetryPolicy(maximum_attempts=2)
            )
        except ActivityError as error:
            out.append(str(error.cause))
        await workflow.sleep(timedelta(milliseconds=20), summary="a nap")
        try:
            async with asyncio.timeout(0.03):
                await asyncio.sleep(100)
        except TimeoutError:
            out.append("timeout")
        child = await workflow.start_child_workflow(Small.run, "child")
        await child.signal("word", "hello")
        out.append(await child)
        try:
            await workflow.execute_child_workflow(Small.run, "fail", id=f"{workflow.info().workflow_id}-failing")
        except ChildWorkflowError as error:
            out.append(str(error.cause))
        try:
            await workflow.get_external_workflow_handle("nobody").signal("x")
        except ApplicationError as error:
            out.append(error.type)
        if workflow.patched("later"):
            workflow.upsert_memo({"b": 2, "a": [1]})
        workflow.upsert_search_attributes([SearchAttributeKey.for_keyword("CustomKeywordField").value_set("x")])
        await workflow.wait_condition(lambda: self.name != "", timeout=100)
        out.append(str(workflow.uuid4()))
        if last == "wait":
            await asyncio.sleep(1000)
        if last == "fail":
            raise ApplicationError("the end", 1, type="End")
        return out

    @workflow.update
    async def rename(self, name: str) -> str:
        """Ends the wait."""
        self.name = await workflow.execute_activity(echo, name, start_to_close_timeout=SECONDS)
        return self.name.upper()


@workflow.defn
class Small:
    """A child."""

    @workflow.run
    async def run(self, how: str) -> str:
        if how == "fail":
            raise ApplicationError("no", type="No")
        return await signals.receive("word", str)
