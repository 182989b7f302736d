"""Values that are not converted."""

from __future__ import annotations

from dataclasses import dataclass

from ..converter.payload import Payload


@dataclass(frozen=True)
class RawValue:
    """A payload as it is. As an annotation it asks for the payload itself; as a value it is sent unchanged."""

    payload: Payload
