"""What happens to payloads on their way out and in, such as encryption."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from .payload import Payload

T = TypeVar("T")


class PayloadCodec(ABC):
    """Turns payloads into other payloads and back.

    It runs within the component. Its methods are coroutines, as in Temporal's SDK, but they cannot wait for anything.
    """

    @abstractmethod
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """What is sent instead of these payloads. Workflows have to get the same bytes on replay."""

    @abstractmethod
    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """What `encode` was given."""


def run_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that does not wait. Raises `RuntimeError` when it does."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError(
        f"{getattr(coroutine, '__qualname__', coroutine)} waits for something: a codec in a component has to answer at once"
    )
