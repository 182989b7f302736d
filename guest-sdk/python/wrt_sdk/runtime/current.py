"""Which run the code that is running belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run

_current: Run | None = None


class NotInWorkflowEventLoopError(Exception):
    """A function of workflows was called outside of one."""


def run() -> Run:
    """The run. Raises `NotInWorkflowEventLoopError` outside of workflows."""
    if _current is None:
        raise NotInWorkflowEventLoopError("Not in workflow event loop")
    return _current


def maybe_run() -> Run | None:
    """The run, None outside of workflows."""
    return _current


@contextmanager
def entered(run: Run) -> Iterator[None]:
    """Makes it the current run."""
    global _current
    before, _current = _current, run
    try:
        yield
    finally:
        _current = before
