"""From what JSON has to what an annotation says."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar, Union, get_args, get_origin


def value_to_type(hint: Any, value: Any, custom_converters: Sequence[Any] = ()) -> Any:
    """The JSON value as the hinted type. Raises `TypeError` when it does not fit."""
    for converter in custom_converters:
        typed = converter.to_typed_value(hint, value)
        if typed is not type(converter).Unhandled:
            return typed

    def convert(hint: Any, value: Any) -> Any:
        return value_to_type(hint, value, custom_converters)

    if hint is Any or isinstance(hint, TypeVar):
        return value
    if isinstance(hint, typing.NewType):
        return convert(hint.__supertype__, value)
    if hasattr(typing, "TypeAliasType") and isinstance(hint, typing.TypeAliasType):
        return convert(hint.__value__, value)
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin is typing.Annotated or origin is typing.Required or origin is typing.NotRequired:
        return convert(arguments[0], value)
    if origin is Literal:
        if value not in arguments:
            raise TypeError(f"Value {value!r} is none of {', '.join(map(repr, arguments))}")
        return value
    if origin is Union or origin is types.UnionType:
        return _to_union(arguments, value, convert)
    if origin is None or origin is type(None):
        if value is not None:
            raise TypeError(f"Value {value!r} is not None")
        return None
    if not inspect.isclass(origin):
        raise TypeError(f"Unrecognized hint: {hint}")
    return _to_class(origin, arguments, value, convert)


def _to_union(arguments: tuple[Any, ...], value: Any, convert: Any) -> Any:
    for argument in arguments:
        try:
            return convert(argument, value)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"Value {value!r} fits none of {', '.join(map(str, arguments))}")


def _to_class(origin: type[Any], arguments: tuple[Any, ...], value: Any, convert: Any) -> Any:
    if origin is object:
        return value
    if issubclass(origin, enum.Enum):
        return origin(value)
    if origin is datetime:
        return datetime.fromisoformat(_expect(value, str))
    if origin is uuid.UUID:
        return uuid.UUID(_expect(value, str))
    if origin in (str, bool):
        return _expect(value, origin)
    if origin is int:
        if isinstance(value, bool) or not isinstance(value, int):
            if not (isinstance(value, float) and value.is_integer()):
                raise TypeError(f"Expected value to be int, was {type(value).__name__}")
        return int(value)
    if origin is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"Expected value to be float, was {type(value).__name__}")
        return float(value)
    if typing.is_typeddict(origin):
        return _to_typed_dict(origin, value, convert)
    if dataclasses.is_dataclass(origin):
        return _to_dataclass(origin, value, convert)
    if callable(validate := getattr(origin, "model_validate", None) or getattr(origin, "parse_obj", None)):
        return validate(value)
    if issubclass(origin, tuple) and hasattr(origin, "_fields"):
        return _to_named_tuple(origin, value, convert)
    if issubclass(origin, collections.abc.Mapping):
        return _to_mapping(origin, arguments, value, convert)
    if issubclass(origin, collections.abc.Iterable):
        return _to_collection(origin, arguments, value, convert)
    if isinstance(value, origin):
        return value
    raise TypeError(f"Expected value to be {origin.__name__}, was {type(value).__name__}")


def _expect(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"Expected value to be {kind.__name__}, was {type(value).__name__}")
    return value


def _field(owner: type[Any], name: str, hint: Any, value: Any, convert: Any) -> Any:
    try:
        return convert(hint, value)
    except Exception as error:
        raise TypeError(f"Failed converting field {name} on {owner.__name__}: {error}") from error


def _to_dataclass(origin: type[Any], value: Any, convert: Any) -> Any:
    _expect(value, dict)
    hints = typing.get_type_hints(origin, include_extras=True)
    fields = {
        field.name: _field(origin, field.name, hints[field.name], value[field.name], convert)
        for field in dataclasses.fields(origin)
        if field.init and field.name in value
    }
    try:
        return origin(**fields)
    except TypeError as error:
        raise TypeError(f"Cannot make {origin.__name__}: {error}") from error


def _to_typed_dict(origin: type[Any], value: Any, convert: Any) -> Any:
    _expect(value, dict)
    hints = typing.get_type_hints(origin, include_extras=True)
    if missing := sorted(set(getattr(origin, "__required_keys__", ())) - set(value)):
        raise TypeError(f"{origin.__name__} needs {', '.join(missing)}")
    return {
        key: _field(origin, key, hints[key], item, convert) if key in hints else item for key, item in value.items()
    }


def _to_named_tuple(origin: type[Any], value: Any, convert: Any) -> Any:
    hints = typing.get_type_hints(origin)
    items = zip(origin._fields, _expect(value, list))
    return origin(*[_field(origin, name, hints.get(name, Any), item, convert) for name, item in items])


def _to_mapping(origin: type[Any], arguments: tuple[Any, ...], value: Any, convert: Any) -> Any:
    _expect(value, dict)
    key_hint, value_hint = arguments if len(arguments) == 2 else (Any, Any)
    items = {_to_key(key_hint, key, convert): convert(value_hint, item) for key, item in value.items()}
    if inspect.isabstract(origin) or origin is dict:
        return items
    if origin is collections.defaultdict:
        return collections.defaultdict(None, items)
    return origin(items)


def _to_key(hint: Any, key: str, convert: Any) -> Any:
    """JSON has no keys but text."""
    if hint is int or hint is float:
        return hint(key)
    if hint is bool:
        return {"true": True, "false": False}[key]
    return convert(hint, key)


def _to_collection(origin: type[Any], arguments: tuple[Any, ...], value: Any, convert: Any) -> Any:
    if isinstance(value, (str, Mapping)) or not isinstance(value, collections.abc.Iterable):
        raise TypeError(f"Expected value to be a list, was {type(value).__name__}")
    values = list(value)
    if issubclass(origin, tuple):
        if not arguments:
            return tuple(values)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(convert(arguments[0], item) for item in values)
        if len(values) != len(arguments):
            raise TypeError(f"Expected {len(arguments)} values, got {len(values)}")
        return tuple(convert(hint, item) for hint, item in zip(arguments, values))
    items = [convert(arguments[0], item) if arguments else item for item in values]
    if not inspect.isabstract(origin):
        return items if origin is list else origin(items)
    return set(items) if issubclass(origin, collections.abc.Set) else items
