"""Signals as a stream, instead of a handler."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

from .runtime import current
from .workflow.timer import wait_condition

T = TypeVar("T")


class SignalStream(Generic[T]):
    """The signals of one name, in the order in which they came; none is lost that nobody waited for.

    ```python
    async for order in signals.stream("order", Order):
        ...
    ```

    What one stream has taken, no other one gets. A signal with several arguments comes as a list, one without any as
    None.
    """

    def __init__(self, name: str, type_hint: type[T] | Any = None) -> None:
        run = current.run()
        if name in run.handlers.signals:
            raise ValueError(f"the signal {name!r} has a handler, which takes all of them")
        self._run = run
        self._name = name
        self._type_hint = type_hint
        self._mailbox: deque[Any] = run.handlers.mailboxes.setdefault(name, deque())

    async def receive(self) -> T:
        """Waits for the next signal."""
        while True:
            await wait_condition(lambda: bool(self._mailbox))
            if self._mailbox:
                return self._take()

    def try_receive(self) -> T | None:
        """The next signal, if one has come; None otherwise."""
        return self._take() if self._mailbox else None

    def _take(self) -> T:
        values = self._run.converter.from_payloads(
            self._mailbox.popleft(), [self._type_hint] if self._type_hint is not None else None
        )
        if len(values) == 1:
            return values[0]  # type: ignore[no-any-return]
        return values or None  # type: ignore[return-value]

    def __len__(self) -> int:
        return len(self._mailbox)

    def __aiter__(self) -> SignalStream[T]:
        return self

    async def __anext__(self) -> T:
        return await self.receive()


def stream(name: str, type_hint: type[T] | Any = None) -> SignalStream[T]:
    """The signals of this name, read as the given type."""
    return SignalStream(name, type_hint)


async def receive(name: str, type_hint: type[T] | Any = None) -> T:
    """Waits for the next signal of this name."""
    return await SignalStream[T](name, type_hint).receive()
