"""A session: several activities on the same worker, of the sample `examples/patterns/worker.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowHandle

from harness.process import Process
from harness.world import PATTERNS, World, scheduled

PROGRAM = Path(__file__).parents[3] / "examples" / "patterns" / "worker.py"

LINES = "one\ntwo\n"


async def start_worker(world: World, name: str, *flags: str) -> tuple[Process, Path]:
    """A worker as a process of its own, and its disk."""
    folder = world.folder / name
    command = [sys.executable, str(PROGRAM), "--address", world.server.address, "--folder", str(folder), *flags]
    log = world.folder / f"{name}.log"
    return await Process.start(*command, log=log, environment=dict(os.environ)), folder


async def started(handle: WorkflowHandle[Any, int]) -> None:
    """Waits until a worker has taken the activity that is open, which leaves no event."""
    state = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    while state != PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
        [pending] = (await handle.describe()).raw_description.pending_activities
        state = pending.state


async def workers_of(handle: WorkflowHandle[Any, int]) -> list[str]:
    """The task queues of the workers' own that activities were sent to, each once."""
    history = await handle.fetch_history()
    queues = [found.activity_task_scheduled_event_attributes.task_queue.name for found in history.events]
    return list(dict.fromkeys(queue for queue in queues if queue.startswith("file-worker-")))


async def test_a_session_stays_with_its_worker_and_begins_again_when_it_is_gone(world: World) -> None:
    source, destination = world.folder / "quiet.txt", world.folder / "loud.txt"
    source.write_text(LINES)
    slow, slow_disk = await start_worker(world, "slow-worker", "--seconds-per-line", "3600")
    quick: Process | None = None
    try:
        run = await world.client.start_workflow(
            "FileProcessing",
            args=[str(source), str(destination)],
            id=world.unique("file"),
            task_queue=PATTERNS,
            result_type=int,
        )
        # The first step is done, on the only worker that there is, and the second one is under way.
        await scheduled(run, "Process")
        await started(run)
        quick, quick_disk = await start_worker(world, "quick-worker")
        await slow.kill()
        assert await run.result() == len(LINES)
    finally:
        await slow.kill()
        if quick is not None:
            await quick.kill()
    assert destination.read_text() == LINES.upper()
    assert len(await workers_of(run)) == 2
    assert [len(list(disk.glob("*quiet.txt"))) for disk in (slow_disk, quick_disk)] == [1, 1]
    assert not list(slow_disk.glob("*.processed"))
