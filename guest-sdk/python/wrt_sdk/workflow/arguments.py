"""The arguments of calls, given as one or as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Stands for an argument that was not given, since None is one.
UNSET: Any = object()


def arguments_of(arg: Any, args: Sequence[Any]) -> list[Any]:
    """All arguments. Raises `ValueError` when both forms are used."""
    if arg is UNSET:
        return list(args)
    if args:
        raise ValueError("Cannot have arg and args")
    return [arg]
