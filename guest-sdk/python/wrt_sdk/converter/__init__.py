"""Between values and payloads."""

from .codec import PayloadCodec
from .data import DataConverter, default, set_default
from .encodings import (
    AdvancedJSONEncoder,
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    CompositePayloadConverter,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    JSONTypeConverter,
    PayloadConverter,
)
from .failure import DefaultFailureConverter, FailureConverter
from .payload import Payload
from .search_attributes import decode_typed_search_attributes, encode_typed_search_attributes
from .types import value_to_type

__all__ = [
    "AdvancedJSONEncoder",
    "BinaryNullPayloadConverter",
    "BinaryPlainPayloadConverter",
    "CompositePayloadConverter",
    "DataConverter",
    "DefaultFailureConverter",
    "DefaultPayloadConverter",
    "EncodingPayloadConverter",
    "FailureConverter",
    "JSONPlainPayloadConverter",
    "JSONTypeConverter",
    "Payload",
    "PayloadCodec",
    "PayloadConverter",
    "decode_typed_search_attributes",
    "default",
    "encode_typed_search_attributes",
    "set_default",
    "value_to_type",
]
