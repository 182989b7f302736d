"""Workflows that others have started."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ..runtime import current
from .arguments import UNSET, arguments_of
from .definition import handler_name


class External(asyncio.Future[None]):
    """Waits until what was told to another workflow has arrived. Cancelling it takes nothing back."""

    def __init__(self, seq: int) -> None:
        run = current.run()
        super().__init__(loop=run.loop)
        run.waiting[seq] = self


def request_cancel_external(run: Any, workflow_id: str, run_id: str, reason: str) -> External:
    """Asks a workflow to cancel itself."""
    return External(run.host.request_cancel_external_workflow(workflow_id, run_id, reason))


class ExternalWorkflowHandle:
    """A workflow of the same namespace."""

    def __init__(self, id: str, run_id: str | None) -> None:
        self._id = id
        self._run_id = run_id

    @property
    def id(self) -> str:
        """Its id."""
        return self._id

    @property
    def run_id(self) -> str | None:
        """Its run; None for the one that answers for the id."""
        return self._run_id

    async def signal(self, signal: Any, arg: Any = UNSET, *, args: Sequence[Any] = ()) -> None:
        """Signals it, and waits until that has arrived. Raises `ApplicationError` when no run of it is open."""
        run, name = current.run(), handler_name(signal, "signal")
        payloads = run.converter.to_payloads(arguments_of(arg, args))
        await External(run.host.signal_external_workflow(self._id, self._run_id or "", name, payloads))

    async def cancel(self) -> None:
        """Asks it to cancel itself, and waits until that has arrived. Raises `ApplicationError` when no run of it is
        open."""
        await request_cancel_external(current.run(), self._id, self._run_id or "", "")


def get_external_workflow_handle(workflow_id: str, *, run_id: str | None = None) -> ExternalWorkflowHandle:
    """A handle by id; it is not looked up."""
    current.run()
    return ExternalWorkflowHandle(workflow_id, run_id)


def get_external_workflow_handle_for(
    workflow: Any, workflow_id: str, *, run_id: str | None = None
) -> ExternalWorkflowHandle:
    """The same, for readers that want to know the type."""
    return get_external_workflow_handle(workflow_id, run_id=run_id)
