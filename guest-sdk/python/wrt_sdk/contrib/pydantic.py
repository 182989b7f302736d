"""Payloads for pydantic models. Needs pydantic, whose core is native code: in a component only a build of it for WASI works."""

from __future__ import annotations

from typing import Any

from ..converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    EncodingPayloadConverter,
    Payload,
)

try:
    from pydantic import TypeAdapter
    from pydantic_core import to_json
except ImportError as error:
    raise ImportError(
        "wrt_sdk.contrib.pydantic needs pydantic (pip install pydantic), which components cannot have as long as its core "
        "is not built for WASI: use dataclasses there"
    ) from error


class PydanticJSONPlainPayloadConverter(EncodingPayloadConverter):
    """JSON by pydantic."""

    @property
    def encoding(self) -> str:
        return "json/plain"

    def to_payload(self, value: Any) -> Payload | None:
        return Payload({"encoding": b"json/plain"}, to_json(value))

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        return TypeAdapter(Any if type_hint is None else type_hint).validate_json(payload.data)


class PydanticPayloadConverter(CompositePayloadConverter):
    """No value, bytes, and JSON by pydantic."""

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(), BinaryPlainPayloadConverter(), PydanticJSONPlainPayloadConverter()
        )


#: Reads and writes pydantic models.
pydantic_data_converter = DataConverter(payload_converter_class=PydanticPayloadConverter)
