"""Search attributes as payloads, whose metadata names their type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..common.search_attributes import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from .payload import Payload


def encode_typed_search_attribute(key: SearchAttributeKey[Any], value: Any) -> Payload:
    """The payload that sets the attribute; for None the one that removes it."""
    metadata = {"encoding": b"json/plain", "type": key.indexed_value_type._metadata.encode()}
    if value is None:
        return Payload({**metadata, "encoding": b"binary/null"})
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"Timezone must be present on all search attribute dates, {key.name} has none")
        value = value.isoformat()
    elif not isinstance(value, (str, int, float)):
        value = list(value)
    return Payload(metadata, json.dumps(value, separators=(",", ":")).encode())


def encode_typed_search_attributes(attributes: TypedSearchAttributes) -> dict[str, Payload]:
    """A payload for each."""
    return {pair.key.name: encode_typed_search_attribute(pair.key, pair.value) for pair in attributes}


def encode_search_attributes(attributes: Mapping[str, Sequence[Any]]) -> dict[str, Payload]:
    """The form without types: the type follows from the values, of which several must be keywords."""
    return {name: _encode_values(name, values) for name, values in attributes.items()}


def _encode_values(name: str, values: Sequence[Any]) -> Payload:
    if isinstance(values, str):
        raise TypeError(f"Search attribute {name} needs a list of values")
    if not values:
        return Payload({"encoding": b"binary/null"})
    if len(values) > 1:
        return encode_typed_search_attribute(SearchAttributeKey.for_keyword_list(name), values)
    key: SearchAttributeKey[Any]
    match values[0]:
        case bool():
            key = SearchAttributeKey.for_bool(name)
        case int():
            key = SearchAttributeKey.for_int(name)
        case float():
            key = SearchAttributeKey.for_float(name)
        case datetime():
            key = SearchAttributeKey.for_datetime(name)
        case _:
            key = SearchAttributeKey.for_keyword(name)
    return encode_typed_search_attribute(key, values[0])


def decode_typed_search_attributes(payloads: Mapping[str, Payload]) -> TypedSearchAttributes:
    """Those whose type is known and that have a value."""
    pairs = []
    for name, payload in sorted(payloads.items()):
        key = SearchAttributeKey._from_metadata(name, payload.metadata.get("type", b"").decode())
        if key is None or not payload.data:
            continue
        value = json.loads(payload.data)
        if isinstance(value, list) and key.value_type in (str, int, float, bool, datetime):
            value = value[0] if value else None
        if value is None:
            continue
        if key.value_type is datetime:
            value = datetime.fromisoformat(value)
        elif key.value_type is float:
            value = float(value)
        pairs.append(SearchAttributePair(key, value))
    return TypedSearchAttributes(pairs)


def decode_search_attributes(payloads: Mapping[str, Payload]) -> dict[str, list[Any]]:
    """The form without types."""
    typed = decode_typed_search_attributes(payloads)
    return {
        pair.key.name: [pair.value] if isinstance(pair.value, (str, int, float, datetime)) else list(pair.value)
        for pair in typed
    }
