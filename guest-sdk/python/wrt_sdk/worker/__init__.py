"""Replaying histories natively. Of workers there is what tests need: the server runs what is deployed."""

from typing import Any

from ..compat import Unavailable
from .history import WorkflowHistory
from .replayer import Replayer, WorkflowReplayResult
from .worker import Worker

__all__ = ["Replayer", "Worker", "WorkflowHistory", "WorkflowReplayResult"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Unavailable(f"temporalio.worker.{name}")
