"""A file worker: the activities of `FileProcessing`, on this machine's disk.

    pip install temporalio
    python worker.py --folder /tmp/files

Every worker polls two task queues: one that all of them share, by which a session finds a worker, and one of its own, by
which the session stays with it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import uuid
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

FILE_WORKERS = "file-workers"


class FileActivities:
    """What the workflow's contract calls `FileActivities`."""

    def __init__(self, task_queue: str, folder: Path, seconds_per_line: float) -> None:
        self._task_queue = task_queue
        self._folder = folder
        self._seconds_per_line = seconds_per_line

    @activity.defn(name="OwnTaskQueue")
    async def own_task_queue(self) -> str:
        """Begins a session."""
        return self._task_queue

    @activity.defn(name="Download")
    async def download(self, source: str) -> str:
        """Copies a file to this worker's disk."""
        path = self._folder / f"{uuid.uuid4()}-{Path(source).name}"
        shutil.copyfile(source, path)
        return str(path)

    @activity.defn(name="Process")
    async def process(self, path: str) -> str:
        """Writes every line in capitals."""
        done = []
        for line in Path(path).read_text().splitlines(keepends=True):
            activity.heartbeat(len(done))
            await asyncio.sleep(self._seconds_per_line)
            done.append(line.upper())
        result = Path(path).with_suffix(".processed")
        result.write_text("".join(done))
        return str(result)

    @activity.defn(name="Upload")
    async def upload(self, path: str, destination: str) -> int:
        """Copies a file from this worker's disk."""
        shutil.copyfile(path, destination)
        return Path(destination).stat().st_size


async def main() -> None:
    """Serves both queues until it is stopped."""
    flags = argparse.ArgumentParser(description="A worker that processes files on its own disk.")
    flags.add_argument("--address", default="127.0.0.1:7233", help="where the server listens")
    flags.add_argument("--folder", type=Path, required=True, help="this worker's disk")
    flags.add_argument("--seconds-per-line", type=float, default=0.0, help="how slow this worker is")
    arguments = flags.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)

    own_queue = f"file-worker-{uuid.uuid4()}"
    files = FileActivities(own_queue, arguments.folder, arguments.seconds_per_line)
    client = await Client.connect(arguments.address, identity=own_queue)
    sessions = Worker(client, task_queue=FILE_WORKERS, activities=[files.own_task_queue])
    steps = Worker(client, task_queue=own_queue, activities=[files.download, files.process, files.upload])
    async with sessions, steps:
        print(f"listening on task queue {own_queue} of {arguments.address}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
