"""Where steps run: with what they see besides the shared variables, and what cancels them."""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from wrt_sdk import workflow


@dataclass(eq=False)
class Scope:
    """What is cancelled together."""

    #: The scope around it; None for the main one, and for those that cancellation from outside does not reach.
    outer: "Scope | None" = None
    is_main: bool = False
    cancelled: bool = False
    task: "asyncio.Task[Any] | None" = None
    #: What runs beside its steps and that nobody waits for.
    beside: "list[Scope]" = field(default_factory=list)

    def is_cancelled(self) -> bool:
        """Whether it was cancelled, or one around it."""
        if self.cancelled or (self.is_main and workflow.cancellation_reason() is not None):
            return True
        return self.outer is not None and self.outer.is_cancelled()

    def cancel(self) -> None:
        """Ends what it waits for, and from now on whatever it would wait for."""
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()
        self.cancel_beside()

    def cancel_beside(self) -> None:
        """Cancels what runs beside its steps."""
        for scope in list(self.beside):
            scope.cancel()

    def begin(self, work: Coroutine[Any, Any, Any], eager: bool = False) -> "asyncio.Task[Any]":
        """Runs the work in it, when the steps before it wait, or at once."""
        self.task = begin(work) if eager else asyncio.create_task(work)
        return self.task


@dataclass
class Frame:
    """Where steps run."""

    shared: dict[str, Any]
    scope: Scope
    #: What only these steps see, such as `$error`.
    own: dict[str, Any] = field(default_factory=dict)
    caught: BaseException | None = None
    #: The innermost saga's `compensate`.
    compensate: Callable[[Any], None] | None = None

    @property
    def variables(self) -> ChainMap[str, Any]:
        """Everything that the steps see."""
        return ChainMap(self.own, self.shared)

    def seeing(self, **own: Any) -> "Frame":
        """The same, with more to see."""
        return replace(self, own={**self.own, **own})

    def within(self, scope: Scope) -> "Frame":
        """The same, in another scope."""
        return replace(self, scope=scope)

    def check_cancelled(self) -> None:
        """What a wait does first."""
        if self.scope.is_cancelled():
            raise asyncio.CancelledError


def begin(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Runs the work at once, up to its first wait, and then beside what follows."""
    return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)  # type: ignore[call-arg]


async def settle() -> None:
    """Lets those that were cancelled do what they do at once, before anything else happens.

    A cancellation goes outwards from the innermost task, one round of the loop for each, so it takes as many rounds as
    scopes may lie within each other.
    """
    for _ in range(10):
        await asyncio.sleep(0)
