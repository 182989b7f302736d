"""Lines of the standard library's `logging`, on their way to the runtime."""

from __future__ import annotations

import logging
import sys
from typing import Any

#: What every record has; the rest came as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class WorkflowLogHandler(logging.Handler):
    """Writes into the log of the run."""

    def __init__(self, host: Any) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        self._host.log(_level(record.levelno), _text(self, record), _fields(record))


class OutputHandler(logging.Handler):
    """Writes to standard error, which is the log of an activity."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = "".join(f" {name}={value}" for name, value in _fields(record))
        print(f"{record.levelname} {_text(self, record)}{fields}", file=sys.stderr)


def _text(handler: logging.Handler, record: logging.LogRecord) -> str:
    return (handler.formatter or logging.Formatter("%(message)s")).format(record)


def _fields(record: logging.LogRecord) -> list[tuple[str, str]]:
    extra = {name: str(value) for name, value in vars(record).items() if name not in _STANDARD}
    return sorted(extra.items())


def _level(number: int) -> str:
    for least, name in ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info")):
        if number >= least:
            return name
    return "debug" if number >= logging.DEBUG else "trace"


def write_to(host: Any) -> None:
    """Sends the lines of all loggers into the log of the run."""
    _install(WorkflowLogHandler(host))


def write_to_output() -> None:
    """Sends the lines of all loggers to standard error."""
    _install(OutputHandler())


def _install(handler: logging.Handler) -> None:
    root = logging.getLogger()
    if root.level == logging.WARNING:
        # The level that nobody has chosen.
        root.setLevel(logging.INFO)
    if not any(isinstance(other, type(handler)) for other in root.handlers):
        root.handlers = [handler]
