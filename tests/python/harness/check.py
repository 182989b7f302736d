"""Expectations that plain asserts cannot say."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

E = TypeVar("E", bound=BaseException)


async def raises(kind: type[E], call: Awaitable[Any]) -> E:
    """The exception of exactly this class that the call raises."""
    try:
        answer = await call
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__}; the answer is {answer!r}")


async def refused(status: RPCStatusCode, call: Awaitable[Any], *words: str) -> RPCError:
    """The error of a call that the server refuses with this status, and a message that holds these words."""
    error = await raises(RPCError, call)
    assert error.status == status, f"{error.status.name} instead of {status.name}: {error}"
    for word in words:
        assert word in error.message, f"{word!r} is not in {error.message!r}"
    return error


async def fails(kind: type[E], result: Awaitable[Any]) -> E:
    """The exception of this class that is the reason why a workflow has failed."""
    error = await raises(WorkflowFailureError, result)
    return cause(kind, error)


def cause(kind: type[E], error: BaseException) -> E:
    """The cause of an exception, which has to be of this class."""
    found = error.__cause__
    assert isinstance(found, kind), f"{found!r} instead of {kind.__name__} is the cause of {error!r}"
    return found
