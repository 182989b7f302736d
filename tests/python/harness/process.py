"""Processes that are started, waited for, and killed again."""

from __future__ import annotations

import asyncio
from pathlib import Path

# The longest wait for a process to say that it is ready, on a busy machine.
READY_WITHIN_SECONDS = 60


class Process:
    """A process that says on its standard output where it listens."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, log: Path) -> None:
        self.address = ""
        self._process = process
        self._name = name
        self._log = log
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, *command: str | Path, log: Path, environment: dict[str, str]) -> Process:
        """Starts it and waits for a line with the word "listening". What it writes goes to the log."""
        name = Path(command[0]).name
        with log.open("ab") as errors:
            started = await asyncio.create_subprocess_exec(
                *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment
            )
        process = cls(started, name, log)
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                process.address = await process._listens()
        except TimeoutError:
            await process.kill()
            raise RuntimeError(f"{name} is not ready after {READY_WITHIN_SECONDS} s; see {log}") from None
        process._reader = asyncio.create_task(process._keep_output())
        return process

    @property
    def port(self) -> str:
        """The port that it listens on."""
        return self.address.rsplit(":", 1)[1]

    async def kill(self) -> None:
        """Ends it as a crash would: with SIGKILL."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _listens(self) -> str:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._write(line)
            if b"listening" in line:
                words = (word.strip(",") for word in line.decode().split())
                return next(word for word in words if word.startswith("127.0.0.1:"))
        code = await self._process.wait()
        raise RuntimeError(f"{self._name} ended with code {code} before it was ready; see {self._log}")

    async def _keep_output(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._write(line)

    def _write(self, line: bytes) -> None:
        with self._log.open("ab") as log:
            log.write(line)
