"""Serialized values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Payload:
    """Bytes with metadata, whose key `encoding` names the format.

    It has the methods of Temporal's protobuf message that codecs use, and the same bytes on the wire.
    """

    __slots__ = ("metadata", "data")

    def __init__(self, metadata: Mapping[str, bytes] | None = None, data: bytes = b"", **unsupported: Any) -> None:
        if any(unsupported.values()):
            raise TypeError(f"a payload has no {', '.join(unsupported)} here: keep large values in a store of your own")
        self.metadata: dict[str, bytes] = dict(metadata or {})
        self.data = data

    @property
    def encoding(self) -> str:
        """The name of the format; empty when there is none."""
        return self.metadata.get("encoding", b"").decode(errors="replace")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Payload) and (self.metadata, self.data) == (other.metadata, other.data)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Payload(metadata={self.metadata!r}, data={self.data!r})"

    # === As the protobuf message ===

    def CopyFrom(self, other: Payload) -> None:
        """Becomes a copy of the other one."""
        self.metadata, self.data = dict(other.metadata), other.data

    def SerializeToString(self) -> bytes:
        """The bytes of the message `temporal.api.common.v1.Payload`, with sorted metadata."""
        fields = [_field(1, _field(1, key.encode()) + _field(2, value)) for key, value in sorted(self.metadata.items())]
        return b"".join(fields) + (_field(2, self.data) if self.data else b"")

    def ParseFromString(self, serialized: bytes) -> int:
        """Becomes what the bytes of such a message say. Raises `ValueError` when they are none."""
        self.metadata, self.data = {}, b""
        for number, value in _fields(serialized):
            if number == 1:
                entry = dict(_fields(value))
                self.metadata[entry.get(1, b"").decode()] = entry.get(2, b"")
            elif number == 2:
                self.data = value
        return len(serialized)

    @classmethod
    def FromString(cls, serialized: bytes) -> Payload:
        """A payload from the bytes of such a message. Raises `ValueError` when they are none."""
        payload = cls()
        payload.ParseFromString(serialized)
        return payload


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _fields(serialized: bytes) -> list[tuple[int, bytes]]:
    """The length-delimited fields of a message; a payload has no other ones."""
    fields: list[tuple[int, bytes]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            if at >= len(serialized):
                raise ValueError("the bytes of a payload end too early")
            byte = serialized[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    while at < len(serialized):
        key = varint()
        if key & 7 != 2:
            raise ValueError("these bytes are no payload")
        length = varint()
        if at + length > len(serialized):
            raise ValueError("the bytes of a payload end too early")
        fields.append((key >> 3, serialized[at : at + length]))
        at += length
    return fields
