"""Where things lie that were built before. The environment says it."""

from __future__ import annotations

import os
from pathlib import Path


def wrt() -> Path:
    """The program `wrt`."""
    return _place("WRT_BIN")


def books() -> Path:
    """The service that the activities of an order keep their books in."""
    return _place("WRT_BOOKS_BIN")


def guest(name: str) -> Path:
    """A component, by its name without extension."""
    return _place("WRT_GUESTS_DIR") / f"{name}.wasm"


def scratch() -> Path:
    """A folder for logs, databases and compiled components."""
    return _place("WRT_SCRATCH_DIR")


def _place(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        raise SystemExit(f"the environment has no {variable}; run the tests with `cargo xtask test python`")
    return Path(value)
