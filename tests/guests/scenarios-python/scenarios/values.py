"""Values and conditions of programs."""

from collections.abc import Mapping
from typing import Any


def evaluate(value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with its variables put in."""
    match value:
        case str() if value.startswith("$$"):
            return value[1:]
        case str() if value.startswith("$"):
            return look_up(value[1:], variables)
        case list():
            return [evaluate(item, variables) for item in value]
        case dict():
            return {key: evaluate(item, variables) for key, item in value.items()}
        case _:
            return value


def look_up(path: str, variables: Mapping[str, Any]) -> Any:
    """The variable, or a field in it; None when there is none."""
    name, *fields = path.split(".")
    found = variables.get(name)
    for field in fields:
        match found:
            case dict():
                found = found.get(field)
            case list() if field.isdigit() and int(field) < len(found):
                found = found[int(field)]
            case _:
                return None
    return found


def holds(condition: dict[str, Any], variables: Mapping[str, Any]) -> bool:
    """Whether the condition is met."""
    match condition:
        case {"equals": [left, right]}:
            return evaluate(left, variables) == evaluate(right, variables)
        case {"less": [left, right]}:
            return evaluate(left, variables) < evaluate(right, variables)
        case {"set": name}:
            return look_up(name.removeprefix("$"), variables) is not None
        case {"not": inner}:
            return not holds(inner, variables)
        case {"any": conditions}:
            return any(holds(inner, variables) for inner in conditions)
        case {"every": conditions}:
            return all(holds(inner, variables) for inner in conditions)
        case _:
            raise ValueError(f"unknown condition: {condition}")
