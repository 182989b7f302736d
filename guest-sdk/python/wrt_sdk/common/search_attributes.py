"""Typed values that lists of workflows can filter by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Generic, TypeVar, Union

#: What a search attribute can be.
SearchAttributeValueType = TypeVar("SearchAttributeValueType", str, int, float, bool, datetime, Sequence[str])

T = TypeVar("T")
Value = Union[str, int, float, bool, datetime, Sequence[str]]


class SearchAttributeIndexedValueType(IntEnum):
    """The types of Temporal's search attributes."""

    TEXT = 1
    KEYWORD = 2
    INT = 3
    DOUBLE = 4
    BOOL = 5
    DATETIME = 6
    KEYWORD_LIST = 7

    @property
    def _metadata(self) -> str:
        """The name in the metadata of payloads."""
        return _METADATA_NAMES[self]


_METADATA_NAMES = {
    SearchAttributeIndexedValueType.TEXT: "Text",
    SearchAttributeIndexedValueType.KEYWORD: "Keyword",
    SearchAttributeIndexedValueType.INT: "Int",
    SearchAttributeIndexedValueType.DOUBLE: "Double",
    SearchAttributeIndexedValueType.BOOL: "Bool",
    SearchAttributeIndexedValueType.DATETIME: "Datetime",
    SearchAttributeIndexedValueType.KEYWORD_LIST: "KeywordList",
}


@dataclass(frozen=True)
class SearchAttributeKey(Generic[T]):
    """The name and the type of a search attribute."""

    name: str
    indexed_value_type: SearchAttributeIndexedValueType
    value_type: Any
    origin_value_type: Any = None

    def value_set(self, value: T) -> SearchAttributeUpdate[T]:
        """The update that sets the attribute."""
        return SearchAttributeUpdate(self, value)

    def value_unset(self) -> SearchAttributeUpdate[T]:
        """The update that removes the attribute."""
        return SearchAttributeUpdate(self, None)

    @staticmethod
    def for_text(name: str) -> SearchAttributeKey[str]:
        """Text that is found by its words."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.TEXT, str)

    @staticmethod
    def for_keyword(name: str) -> SearchAttributeKey[str]:
        """Text that is found as a whole."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.KEYWORD, str)

    @staticmethod
    def for_int(name: str) -> SearchAttributeKey[int]:
        """A whole number."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.INT, int)

    @staticmethod
    def for_float(name: str) -> SearchAttributeKey[float]:
        """A number."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.DOUBLE, float)

    @staticmethod
    def for_bool(name: str) -> SearchAttributeKey[bool]:
        """True or false."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.BOOL, bool)

    @staticmethod
    def for_datetime(name: str) -> SearchAttributeKey[datetime]:
        """A point in time, with its time zone."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.DATETIME, datetime)

    @staticmethod
    def for_keyword_list(name: str) -> SearchAttributeKey[Sequence[str]]:
        """Several keywords."""
        return SearchAttributeKey(name, SearchAttributeIndexedValueType.KEYWORD_LIST, Sequence[str])

    @staticmethod
    def _from_metadata(name: str, type_name: str) -> SearchAttributeKey[Any] | None:
        for makes in _FACTORIES:
            key: SearchAttributeKey[Any] = makes(name)
            if key.indexed_value_type._metadata.lower() == type_name.replace("_", "").lower():
                return key
        return None


_FACTORIES: list[Any] = [
    SearchAttributeKey.for_text,
    SearchAttributeKey.for_keyword,
    SearchAttributeKey.for_int,
    SearchAttributeKey.for_float,
    SearchAttributeKey.for_bool,
    SearchAttributeKey.for_datetime,
    SearchAttributeKey.for_keyword_list,
]


@dataclass(frozen=True)
class SearchAttributePair(Generic[T]):
    """A search attribute and its value."""

    key: SearchAttributeKey[T]
    value: T


@dataclass(frozen=True)
class SearchAttributeUpdate(Generic[T]):
    """A change of a search attribute; None removes it."""

    key: SearchAttributeKey[T]
    value: T | None


@dataclass(frozen=True)
class TypedSearchAttributes:
    """Search attributes with their types."""

    search_attributes: Sequence[SearchAttributePair[Any]] = ()

    def __post_init__(self) -> None:
        names = [pair.key.name for pair in self.search_attributes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"Duplicate search attribute: {name}")

    def __len__(self) -> int:
        return len(self.search_attributes)

    def __iter__(self) -> Iterator[SearchAttributePair[Any]]:
        return iter(self.search_attributes)

    def __contains__(self, key: object) -> bool:
        return any(pair.key == key for pair in self.search_attributes)

    def __getitem__(self, key: SearchAttributeKey[T]) -> T:
        for pair in self.search_attributes:
            if pair.key == key:
                return pair.value  # type: ignore[no-any-return]
        raise KeyError(key)

    def get(self, key: SearchAttributeKey[T], default: Any = None) -> Any:
        """The value, or the default when there is none."""
        return self[key] if key in self else default

    def updated(self, *attributes: SearchAttributePair[Any]) -> TypedSearchAttributes:
        """A copy with these set."""
        names = {pair.key.name for pair in attributes}
        return TypedSearchAttributes([pair for pair in self if pair.key.name not in names] + list(attributes))

    def _applied(self, updates: Sequence[SearchAttributeUpdate[Any]]) -> TypedSearchAttributes:
        names = {update.key.name for update in updates}
        kept = [pair for pair in self if pair.key.name not in names]
        made = [SearchAttributePair(update.key, update.value) for update in updates if update.value is not None]
        return TypedSearchAttributes(kept + made)


TypedSearchAttributes.empty = TypedSearchAttributes()  # type: ignore[attr-defined]

#: The form without types, name to values.
SearchAttributes = Mapping[str, Sequence[Any]]
