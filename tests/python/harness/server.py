"""The server under test."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from temporalio.client import Client

from . import places
from .process import Process

# The longest that a command may take. Compiling Python's interpreter takes its time.
COMMAND_SECONDS = 180


class Server:
    """A `wrt server start-dev` on a database of its own, which can crash and come back."""

    def __init__(self, folder: Path, process: Process) -> None:
        self._folder = folder
        self._process = process

    @classmethod
    async def start(cls, folder: Path) -> Server:
        """Starts it on a free port, with its database and its log in the folder."""
        return cls(folder, await _serve(folder, port="0"))

    @property
    def address(self) -> str:
        """As `host:port`; the same after a crash."""
        return self._process.address

    async def client(self, namespace: str = "default") -> Client:
        """A new connection."""
        return await Client.connect(self.address, namespace=namespace)

    async def deploy(self, guest: str, *flags: str) -> None:
        """Deploys a component with the command line."""
        await self.command("deploy", str(places.guest(guest)), *flags)

    async def crash(self) -> None:
        """Kills it, which gives it no time for anything."""
        await self._process.kill()

    async def recover(self) -> None:
        """Starts it again after a crash, on the same port and database."""
        self._process = await _serve(self._folder, port=self._process.port)

    async def command(self, *arguments: str) -> str:
        """Runs the command line, and returns what it prints."""
        return await command(self.address, *arguments)


async def command(address: str, *arguments: str) -> str:
    """Runs the command line against a server, and returns what it prints."""
    process = await asyncio.create_subprocess_exec(
        places.wrt(),
        *arguments,
        env=environment() | {"WRT_ADDRESS": address},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(COMMAND_SECONDS):
        output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"`wrt {' '.join(arguments)}` ended with {process.returncode}:\n{output.decode()}")
    return output.decode()


def environment() -> dict[str, str]:
    """The environment of `wrt`. Compiled components are kept between runs of the tests, since Python's take long."""
    return os.environ | {"XDG_CACHE_HOME": str(places.scratch() / "cache")}


async def _serve(folder: Path, port: str) -> Process:
    database = folder / "wrt.db"
    command = ["server", "start-dev", "--port", port, "--db-filename", str(database), "--log-level", "debug"]
    return await Process.start(places.wrt(), *command, log=folder / "server.log", environment=environment())
