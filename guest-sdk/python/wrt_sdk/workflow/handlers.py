"""Handlers that a workflow sets while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..runtime import current
from ..runtime.handlers import UpdateInfo as UpdateInfo
from ..runtime.handlers import current_update
from .definition import Handler

Function = Callable[..., Any]
Kind = Literal["signal", "query", "update"]


def current_update_info() -> UpdateInfo | None:
    """The update that the code belongs to; None outside of handlers and validators of updates."""
    current.run()
    return current_update.get()


def all_handlers_finished() -> bool:
    """True when no handler of a signal or an update is at work: what to wait for before the end."""
    return current.run().handlers.are_finished


def _set(kind: Kind, name: str | None, function: Function | None, validator: Function | None = None) -> None:
    run = current.run()
    run.check_writable()
    handlers = getattr(run.handlers, {"signal": "signals", "query": "queries", "update": "updates"}[kind])
    if function is None:
        handlers.pop(name, None)
        return
    handlers[name] = Handler(kind, name, function, validator=validator, bound=True)
    if kind == "signal":
        run.handlers.drain(name)


def _get(kind: Kind, name: str | None) -> Function | None:
    run = current.run()
    handlers = getattr(run.handlers, {"signal": "signals", "query": "queries", "update": "updates"}[kind])
    handler: Handler | None = handlers.get(name)
    if handler is None:
        return None
    return handler.function if handler.bound else handler.function.__get__(run.instance)


def set_signal_handler(name: str, handler: Function | None) -> None:
    """Takes signals of this name from now on, those that came before at once. None takes the handler away."""
    _set("signal", name, handler)


def set_dynamic_signal_handler(handler: Function | None) -> None:
    """Takes all signals that no other handler takes: `handler(name, args)`."""
    _set("signal", None, handler)


def set_query_handler(name: str, handler: Function | None) -> None:
    """Answers queries of this name from now on."""
    _set("query", name, handler)


def set_dynamic_query_handler(handler: Function | None) -> None:
    """Answers all queries that no other handler answers: `handler(name, args)`."""
    _set("query", None, handler)


def set_update_handler(name: str, handler: Function | None, *, validator: Function | None = None) -> None:
    """Takes updates of this name from now on."""
    _set("update", name, handler, validator)


def set_dynamic_update_handler(handler: Function | None, *, validator: Function | None = None) -> None:
    """Takes all updates that no other handler takes: `handler(name, args)`."""
    _set("update", None, handler, validator)


def get_signal_handler(name: str) -> Function | None:
    """The handler of signals of this name."""
    return _get("signal", name)


def get_dynamic_signal_handler() -> Function | None:
    """The handler of all other signals."""
    return _get("signal", None)


def get_query_handler(name: str) -> Function | None:
    """The handler of queries of this name."""
    return _get("query", name)


def get_dynamic_query_handler() -> Function | None:
    """The handler of all other queries."""
    return _get("query", None)


def get_update_handler(name: str) -> Function | None:
    """The handler of updates of this name."""
    return _get("update", name)


def get_dynamic_update_handler() -> Function | None:
    """The handler of all other updates."""
    return _get("update", None)
