"""One converter for each encoding, and the one that tries them in turn."""

from __future__ import annotations

import dataclasses
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from .payload import Payload
from .types import value_to_type


class PayloadConverter(ABC):
    """Between lists of values and lists of payloads."""

    #: The converter that is used when no other one is set.
    default: ClassVar[PayloadConverter]

    @abstractmethod
    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """One payload for each value."""

    @abstractmethod
    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[Any] | None = None) -> list[Any]:
        """One value for each payload, of the hinted types as far as there are hints."""

    def to_payload(self, value: Any) -> Payload:
        """One value as a payload."""
        return self.to_payloads([value])[0]

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        """One payload as a value."""
        return self.from_payloads([payload], [type_hint] if type_hint is not None else None)[0]


class EncodingPayloadConverter(ABC):
    """A converter for one encoding."""

    @property
    @abstractmethod
    def encoding(self) -> str:
        """The name of the encoding in the metadata."""

    @abstractmethod
    def to_payload(self, value: Any) -> Payload | None:
        """The payload, or None when the value is not for this converter."""

    @abstractmethod
    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        """The value."""


class CompositePayloadConverter(PayloadConverter):
    """Asks converters in turn, the first one that takes a value encodes it."""

    def __init__(self, *converters: EncodingPayloadConverter) -> None:
        self.converters: Mapping[bytes, EncodingPayloadConverter] = {
            converter.encoding.encode(): converter for converter in converters
        }

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        return [self._to_payload(index, value) for index, value in enumerate(values)]

    def _to_payload(self, index: int, value: Any) -> Payload:
        payload = getattr(value, "payload", None)
        if isinstance(payload, Payload):  # a RawValue
            return payload
        for converter in self.converters.values():
            if (payload := converter.to_payload(value)) is not None:
                return payload
        raise RuntimeError(f"Value at index {index} of type {type(value)} has no known converter")

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[Any] | None = None) -> list[Any]:
        hints = [*(type_hints or ())]
        hints += [None] * (len(payloads) - len(hints))
        return [self._from_payload(payload, hint) for payload, hint in zip(payloads, hints)]

    def _from_payload(self, payload: Payload, hint: Any) -> Any:
        from ..common.raw_value import RawValue

        if hint is RawValue:
            return RawValue(payload)
        converter = self.converters.get(payload.metadata.get("encoding", b"<unknown>"))
        if converter is None:
            known = ", ".join(encoding.decode() for encoding in self.converters)
            raise KeyError(f"Unknown payload encoding {payload.encoding!r}: this component reads {known}")
        return converter.from_payload(payload, hint)


class BinaryNullPayloadConverter(EncodingPayloadConverter):
    """No value."""

    @property
    def encoding(self) -> str:
        return "binary/null"

    def to_payload(self, value: Any) -> Payload | None:
        return Payload({"encoding": b"binary/null"}) if value is None else None

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        return None


class BinaryPlainPayloadConverter(EncodingPayloadConverter):
    """Bytes as they are."""

    @property
    def encoding(self) -> str:
        return "binary/plain"

    def to_payload(self, value: Any) -> Payload | None:
        return Payload({"encoding": b"binary/plain"}, bytes(value)) if isinstance(value, (bytes, bytearray)) else None

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        return bytearray(payload.data) if type_hint is bytearray else payload.data


class AdvancedJSONEncoder(json.JSONEncoder):
    """JSON for dataclasses, pydantic models, dates, UUIDs and whatever can be iterated over."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime):
            return o.isoformat()
        if dataclasses.is_dataclass(o) and not isinstance(o, type):
            return dataclasses.asdict(o)
        for method in ("model_dump", "dict"):
            if callable(dump := getattr(o, method, None)):
                return dump()
        if isinstance(o, (set, frozenset)):
            return sorted(o, key=lambda item: (str(type(item)), str(item)))
        if not isinstance(o, list) and isinstance(o, Iterable):
            return list(o)
        if isinstance(o, uuid.UUID):
            return str(o)
        return super().default(o)


class JSONTypeConverter(ABC):
    """Reads values of types that JSON does not know."""

    #: What a converter returns for a type that is not its own.
    Unhandled: ClassVar[Any] = object()

    @abstractmethod
    def to_typed_value(self, hint: Any, value: Any) -> Any:
        """The value of the hinted type, or `JSONTypeConverter.Unhandled`."""


class JSONPlainPayloadConverter(EncodingPayloadConverter):
    """JSON."""

    def __init__(
        self,
        *,
        encoder: type[json.JSONEncoder] | None = AdvancedJSONEncoder,
        decoder: type[json.JSONDecoder] | None = None,
        encoding: str = "json/plain",
        custom_type_converters: Sequence[JSONTypeConverter] = (),
    ) -> None:
        self._encoder, self._decoder = encoder, decoder
        self._encoding = encoding
        self._custom_type_converters = custom_type_converters

    @property
    def encoding(self) -> str:
        return self._encoding

    def to_payload(self, value: Any) -> Payload | None:
        # Sorted, so that a replay makes the same bytes.
        text = json.dumps(value, cls=self._encoder, separators=(",", ":"), sort_keys=True)
        return Payload({"encoding": self._encoding.encode()}, text.encode())

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        value = json.loads(payload.data, cls=self._decoder)
        if type_hint is None:
            return value
        return value_to_type(type_hint, value, self._custom_type_converters)


class DefaultPayloadConverter(CompositePayloadConverter):
    """What every Temporal client reads: no value, bytes, JSON."""

    default_encoding_payload_converters: tuple[EncodingPayloadConverter, ...] = (
        BinaryNullPayloadConverter(),
        BinaryPlainPayloadConverter(),
        JSONPlainPayloadConverter(),
    )

    def __init__(self) -> None:
        super().__init__(*DefaultPayloadConverter.default_encoding_payload_converters)


PayloadConverter.default = DefaultPayloadConverter()
