"""What people and lists see of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..common import SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes
from ..converter.search_attributes import encode_search_attributes, encode_typed_search_attribute
from ..runtime import current

_MISSING: Any = object()


def memo() -> Mapping[str, Any]:
    """The memo, as plain JSON values."""
    run = current.run()
    return {name: run.converter.from_payload(payload) for name, payload in run.memo.items()}


def memo_value(key: str, default: Any = _MISSING, *, type_hint: Any = None) -> Any:
    """One value of the memo. Raises `KeyError` when it is not there and there is no default."""
    run = current.run()
    if key not in run.memo:
        if default is _MISSING:
            raise KeyError(f"Memo does not have a value for key {key}")
        return default
    return run.converter.from_payload(run.memo[key], type_hint)


def upsert_memo(updates: Mapping[str, Any]) -> None:
    """Sets fields of the memo; None removes them."""
    run = current.run()
    payloads = {name: run.converter.to_payload(value) for name, value in sorted(updates.items())}
    run.host.upsert_memo(payloads)
    run.memo.update(payloads)
    for name, value in updates.items():
        if value is None:
            run.memo.pop(name, None)


def upsert_search_attributes(
    attributes: Sequence[SearchAttributeUpdate[Any]] | TypedSearchAttributes | Mapping[str, Sequence[Any]],
) -> None:
    """Sets search attributes, or removes them."""
    run = current.run()
    if isinstance(attributes, Mapping):
        payloads = encode_search_attributes(attributes)
    else:
        payloads = {}
        for change in attributes:
            if not isinstance(change, (SearchAttributeUpdate, SearchAttributePair)):
                raise TypeError("a search attribute is changed by key.value_set(…) or key.value_unset()")
            payloads[change.key.name] = encode_typed_search_attribute(change.key, change.value)
    payloads = dict(sorted(payloads.items()))
    run.host.upsert_search_attributes(payloads)
    run.search_attributes.update(payloads)
    for name, payload in payloads.items():
        if payload.encoding == "binary/null":
            run.search_attributes.pop(name, None)


def set_current_details(details: str) -> None:
    """Sets a text about what the run is at. It stays within the run: the contract has no place for it yet."""
    run = current.run()
    run.check_writable()
    run.current_details = details


def get_current_details() -> str:
    """The text that was set last."""
    return current.run().current_details
