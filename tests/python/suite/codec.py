"""Payloads that a codec encrypts on both sides: the server never sees what they hold."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleSpec,
    WorkflowUpdateFailedError,
)
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from harness.check import cause, fails, raises
from harness.codec import CodecServer, Encryption, encrypting
from harness.world import World

SHORT = timedelta(seconds=20)

# Nothing that is stored may hold it, and nothing else does by chance.
SECRET = "the treasure lies under the oak"

# Stands for all that is not encrypted.
NO_SECRET = "everybody may know about the elm"


@activity.defn
async def stammer(word: str) -> str:
    """Repeats a word with its second attempt; the first one fails with it."""
    if activity.info().attempt > 1:
        return activity.info().heartbeat_details[0]
    activity.heartbeat(word)
    raise ApplicationError(f"stammered {word}", word)


@activity.defn
async def repeat(word: str) -> str:
    return word


@workflow.defn
class Echo:
    @workflow.run
    async def run(self, word: str) -> str:
        return word


@workflow.defn
class Secrets:
    """Hands the secret to all that a workflow has, and fails with it in the end, once it has been told another one."""

    def __init__(self) -> None:
        self.last: str | None = None

    @workflow.run
    async def run(self, word: str) -> None:
        workflow.upsert_memo({"word": word})
        retry = RetryPolicy(initial_interval=timedelta(milliseconds=10))
        said = await workflow.execute_activity(stammer, word, start_to_close_timeout=SHORT, retry_policy=retry)
        local = await workflow.execute_local_activity(repeat, word, start_to_close_timeout=SHORT)
        echoed = await workflow.execute_child_workflow(Echo.run, word)
        await workflow.wait_condition(lambda: self.last is not None)
        raise ApplicationError(f"no more {self.last}", [said, local, echoed], type="Wrong")

    @workflow.signal
    def tell(self, word: str) -> None:
        self.last = word

    @workflow.query
    def ask(self, question: str) -> str:
        return f"whether {question}"

    @workflow.update
    async def change(self, word: str) -> str:
        return f"changed to {word}"

    @change.validator
    def check_change(self, word: str) -> None:
        if word != SECRET:
            raise ValueError(f"{word} is not {SECRET}")


WORKFLOWS, ACTIVITIES = [Secrets, Echo], [stammer, repeat]


@asynccontextmanager
async def encrypted(world: World, codec: Encryption) -> AsyncIterator[tuple[Client, str]]:
    """A client that encrypts, and the task queue of a worker that does."""
    client = await Client.connect(world.server.address, data_converter=encrypting(codec))
    task_queue = world.unique("encrypted")
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        client, task_queue=task_queue, workflows=WORKFLOWS, activities=ACTIVITIES, workflow_runner=runner
    ):
        yield client, task_queue


def stored(world: World) -> bytes:
    """All that the database holds, what is on its way into the file included."""
    return b"".join(file.read_bytes() for file in world.folder.glob("wrt.db*"))


async def test_a_secret_stays_one(world: World) -> None:
    codec = Encryption()
    async with encrypted(world, codec) as (client, task_queue):
        run = await client.start_workflow(
            Secrets.run,
            SECRET,
            id=world.unique("secrets"),
            task_queue=task_queue,
            memo={"of": SECRET},
            static_summary=SECRET,
        )
        assert await run.query(Secrets.ask, SECRET) == f"whether {SECRET}"
        assert await run.execute_update(Secrets.change, SECRET) == f"changed to {SECRET}"
        rejected = await raises(WorkflowUpdateFailedError, run.execute_update(Secrets.change, "other"))
        assert cause(ApplicationError, rejected).message == f"other is not {SECRET}"
        await run.signal(Secrets.tell, SECRET)
        error = await fails(ApplicationError, run.result())
        assert (error.message, error.details) == (f"no more {SECRET}", ([SECRET, SECRET, SECRET],))
        assert await (await run.describe()).memo() == {"of": SECRET, "word": SECRET}

    history = await world.client.get_workflow_handle(run.id).fetch_history()
    assert not any(SECRET.encode() in found.SerializeToString() for found in history.events)
    failure = history.events[-1].workflow_execution_failed_event_attributes.failure
    assert failure.message == "Encoded failure"
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=UnsandboxedWorkflowRunner(), data_converter=encrypting(codec)
    )
    await replayer.replay_workflow(history)

    await (await world.start_hello(NO_SECRET)).result()
    database = stored(world)
    assert NO_SECRET.encode() in database, "what is not encrypted is found"
    assert SECRET.encode() not in database


async def test_a_schedule_keeps_its_secret(world: World) -> None:
    async with encrypted(world, Encryption()) as (client, task_queue):
        action = ScheduleActionStartWorkflow(
            Echo.run, SECRET, id=world.unique("secret"), task_queue=task_queue, memo={"of": SECRET}
        )
        seldom = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=3650))])
        schedule = Schedule(action=action, spec=seldom)
        handle = await client.create_schedule(world.unique("schedule"), schedule, trigger_immediately=True)
        async with asyncio.timeout(60):
            while (described := await handle.describe()).info.num_actions == 0:
                pass
        started = described.info.recent_actions[0].action
        assert isinstance(started, ScheduleActionExecutionStartWorkflow)
        assert await client.get_workflow_handle(started.workflow_id).result() == SECRET
        assert SECRET.encode() not in stored(world)
        await handle.delete()


async def test_the_command_line_uses_a_codec_server(world: World) -> None:
    codec = Encryption()
    async with encrypted(world, codec) as (client, task_queue):
        with CodecServer.serve(codec) as server:
            flags = ["--codec-endpoint", server.endpoint, "--codec-auth", CodecServer.TOKEN]
            workflow_id = world.unique("from-the-command-line")

            async def command(*words: str) -> str:
                return await world.server.command("workflow", *words, "--workflow-id", workflow_id, *flags)

            text = json.dumps(SECRET)
            await command("start", "--type", "Secrets", "--task-queue", task_queue, "--input", text)
            answer = await command("query", "--name", "ask", "--input", text)
            assert f"whether {SECRET}" in answer
            answer = await command("update", "execute", "--name", "change", "--input", text)
            assert f"changed to {SECRET}" in answer
            await command("signal", "--name", "tell", "--input", text, "--codec-header", "X-Flavor=sweet")
            run = client.get_workflow_handle(workflow_id)
            await fails(ApplicationError, run.result())

            [first, *_] = json.loads(await command("show", "-o", "json"))["events"]
            [payload] = first["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
            assert base64.b64decode(payload["data"]).decode() == text
            assert f"no more {SECRET}" in await command("show")
            assert ("/codec/encode", "default", "sweet") in server.calls
            assert ("/codec/decode", "default", None) in server.calls

            flags.pop()
            flags[-1] = "--codec-auth=wrong"
            refused = await raises(RuntimeError, command("show"))
            assert f"{server.endpoint}/decode" in str(refused) and "--codec-auth" in str(refused), refused
        gone = await raises(RuntimeError, command("show"))
        assert f"{server.endpoint}/decode" in str(gone)
    assert SECRET.encode() not in stored(world)

