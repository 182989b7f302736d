"""Values as payloads, in the encodings that every Temporal client reads."""

import json
from typing import Any

from wit_world.imports.types import Payload


def encode(value: Any) -> Payload:
    """One value as JSON; `None` as the payload that says "no value"."""
    if value is None:
        return Payload(metadata=[("encoding", b"binary/null")], data=b"")
    return Payload(metadata=[("encoding", b"json/plain")], data=json.dumps(value).encode())


def decode(payload: Payload) -> Any:
    """The value of a payload. Raises `ValueError` for an encoding that is neither JSON nor "no value"."""
    encoding = dict(payload.metadata).get("encoding", b"").decode(errors="replace")
    match encoding:
        case "json/plain":
            return json.loads(payload.data)
        case "binary/null":
            return None
        case _:
            raise ValueError(f"decode a payload of encoding {encoding!r}: send json/plain or binary/null")


def decode_first(payloads: list[Payload]) -> Any:
    """The value of the first payload, `None` when there is none."""
    return decode(payloads[0]) if payloads else None
