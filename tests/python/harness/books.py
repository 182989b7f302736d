"""The service outside that counts what really happens."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from pathlib import Path

from . import places
from .process import Process


class Books:
    """The running service."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, folder: Path) -> Books:
        """Starts it on a free port."""
        return cls(await Process.start(places.books(), log=folder / "books.log", environment=dict(os.environ)))

    @property
    def address(self) -> str:
        """As `host:port`."""
        return self._process.address

    async def kill(self) -> None:
        """Ends it."""
        await self._process.kill()

    async def effects(self, workflow_id: str) -> list[str]:
        """What a workflow has had happen, in order, by activity type."""
        answer = await asyncio.to_thread(self._read)
        return [effect["type"] for effect in answer["effects"] if effect["workflow_id"] == workflow_id]

    def _read(self) -> dict:
        with urllib.request.urlopen(f"http://{self.address}/effects", timeout=10) as response:
            return json.load(response)
