"""Stack traces, as people want to read them: beginning where their own code begins."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from types import TracebackType

_PACKAGE = str(Path(__file__).resolve().parent)

#: The folders of the build are numbered in a component.
_MOUNT = re.compile(r'(File ")/\d+/')


def of_traceback(trace: TracebackType | None) -> str:
    """The frames of a traceback."""
    return _readable("".join(_trimmed(traceback.extract_tb(trace)).format()))


def of_error(error: BaseException) -> str:
    """The error with its stack trace and its causes."""
    described = traceback.TracebackException.from_exception(error)
    _trim(described)
    return _readable("".join(described.format()))


def _trim(described: traceback.TracebackException) -> None:
    described.stack = _trimmed(described.stack)
    for other in (described.__cause__, described.__context__, *(described.exceptions or ())):
        if other is not None:
            _trim(other)


def _trimmed(stack: traceback.StackSummary) -> traceback.StackSummary:
    """Without the frames of this package that lead to those of others."""
    frames = list(stack)
    first = next((i for i, frame in enumerate(frames) if not frame.filename.startswith(_PACKAGE)), 0)
    return traceback.StackSummary.from_list(frames[first:])


def _readable(text: str) -> str:
    return _MOUNT.sub(r"\1", text)
