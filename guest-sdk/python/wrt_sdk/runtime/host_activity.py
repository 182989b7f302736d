"""What an attempt asks of the runtime. Components and tests implement it."""

from __future__ import annotations

from typing import Protocol

from ..converter.payload import Payload


class ActivityHost(Protocol):
    """The imports of the contract for activities."""

    def heartbeat(self, details: list[Payload]) -> bool: ...
    def is_cancel_requested(self) -> bool: ...
