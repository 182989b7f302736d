"""Replaying histories natively. Of workers it has the names alone: the server runs what is deployed."""

from typing import Any

from ..compat import Unavailable


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Unavailable(f"temporalio.worker.{name}")
