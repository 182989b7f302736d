"""What every test is given: a server with components, a client, and the books."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from .books import Books
from .orders import Order, Receipt
from .server import Server

ORDERS = "orders"
HELLO = "hello"
PATTERNS = "patterns"

# Long enough to do something to an order meanwhile, too long to wait for.
LONG_PAUSE_MS = 3_600_000


class World:
    """A server, a client that is connected to it, and the books."""

    _numbers = itertools.count(1)

    def __init__(self, folder: Path, server: Server, books: Books, client: Client) -> None:
        self.folder = folder
        self.server = server
        self.books = books
        self.client = client

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[World]:
        """Starts everything in a new folder, and ends it afterwards."""
        folder.mkdir(parents=True)
        books = await Books.start(folder)
        try:
            server = await Server.start(folder)
            try:
                await deploy_orders(server, books)
                await server.deploy("hello", "--task-queue", HELLO)
                await server.deploy("patterns-activities", "--task-queue", PATTERNS)
                await server.deploy("patterns-workflows", "--task-queue", PATTERNS)
                yield cls(folder, server, books, await server.client())
            finally:
                await server.crash()
        finally:
            await books.kill()

    def unique(self, prefix: str) -> str:
        """A name that nothing else has."""
        return f"{prefix}-{next(self._numbers)}"

    async def start_order(self, order: Order | None = None, **options: Any) -> WorkflowHandle[Any, Receipt]:
        """Starts an order under a name of its own."""
        options.setdefault("id", self.unique("order"))
        return await self.client.start_workflow(
            "OrderWorkflow", order or Order(), task_queue=ORDERS, result_type=Receipt, **options
        )

    async def start_paused_order(self, **options: Any) -> WorkflowHandle[Any, Receipt]:
        """Starts an order, and waits until it sleeps between its second and its third step."""
        handle = await self.start_order(Order(pause_ms=LONG_PAUSE_MS), **options)
        await event(handle, EventType.EVENT_TYPE_TIMER_STARTED)
        return handle

    async def start_hello(self, name: str = "Ada", **options: Any) -> WorkflowHandle[Any, str]:
        """Starts a greeting, which takes a second, under a name of its own."""
        options.setdefault("id", self.unique("hello"))
        return await self.client.start_workflow("Hello", name, task_queue=HELLO, result_type=str, **options)

    @asynccontextmanager
    async def worker(self, *activities: Callable[..., Any], **options: Any) -> AsyncIterator[str]:
        """A worker that serves these activities on a task queue of its own, whose name it gives."""
        task_queue = options.pop("task_queue", None) or self.unique("payments")
        options.setdefault("default_heartbeat_throttle_interval", timedelta(milliseconds=50))
        client = options.pop("client", self.client)
        async with Worker(client, task_queue=task_queue, activities=list(activities), **options):
            yield task_queue


async def deploy_orders(server: Server, books: Books) -> None:
    """Deploys the order's workflow, and its activities with access to the books."""
    grants = ["--allow-http", books.address, "--env", f"BOOKS_URL=http://{books.address}"]
    await server.deploy("order-saga-activities", "--task-queue", ORDERS, *grants)
    await server.deploy("order-saga-workflow", "--task-queue", ORDERS)


async def event(handle: WorkflowHandle[Any, Any], kind: EventType.ValueType) -> HistoryEvent:
    """The first event of this kind, as soon as it is there."""
    async for found in handle.fetch_history_events(wait_new_event=True):
        if found.event_type == kind:
            return found
    raise AssertionError(f"{handle.id} ended without {EventType.Name(kind)}")


async def scheduled(handle: WorkflowHandle[Any, Any], activity_type: str) -> None:
    """Waits until the workflow has asked for an activity of this type."""
    async for found in handle.fetch_history_events(wait_new_event=True):
        if found.activity_task_scheduled_event_attributes.activity_type.name == activity_type:
            return
    raise AssertionError(f"{handle.id} ended without {activity_type}")


async def events(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The kinds of all events so far, without the prefix that they share."""
    history = await handle.fetch_history()
    return [EventType.Name(found.event_type).removeprefix("EVENT_TYPE_") for found in history.events]
