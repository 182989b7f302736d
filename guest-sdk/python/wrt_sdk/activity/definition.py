"""Activity types: decorated functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..common import RawValue
from ..converter.data import DataConverter
from ..converter.payload import Payload

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__wrt_activity__"

#: The activity types of the component, by name; None stands for the one that takes all others.
DEFINITIONS: dict[str | None, Definition] = {}

#: Names that were given twice: allowed in tests, where mocks have them, an error in a component.
CONFLICTS: list[str] = []


@dataclass
class Definition:
    """An activity type."""

    name: str | None
    function: Callable[..., Any]
    description: str = ""
    #: What a method is called on; a class without parameters is made for its methods.
    owner: Any = None
    #: None for a method whose object the component does not have.
    qualname: str = ""

    def arguments(self, input: Sequence[Payload], converter: DataConverter) -> list[Any]:
        """The arguments of a call."""
        if self.name is None:
            return [[RawValue(payload) for payload in input]]
        from ..workflow.definition import parameter_hints

        return converter.from_payloads(input, parameter_hints(self.callable, skip=0))

    @property
    def callable(self) -> Callable[..., Any]:
        """The function with its object. Raises `RuntimeError` for a method whose object is not there."""
        if self.owner is not None:
            return self.function.__get__(self.owner)  # type: ignore[no-any-return]
        if _is_method(self.function):
            raise RuntimeError(
                f"activity {self.name!r} is the method {self.qualname}: give it an object, "
                f"with activity.register({self.qualname.rpartition('.')[0]}(…)) at the end of the file"
            )
        return self.function

    @staticmethod
    def find(activity_type: str) -> Definition:
        """The definition with this name. Raises `LookupError`, whose text names those that there are."""
        definition = DEFINITIONS.get(activity_type) or DEFINITIONS.get(None)
        if definition is None:
            known = ", ".join(sorted(name for name in DEFINITIONS if name is not None)) or "none"
            raise LookupError(
                f"unknown activity type {activity_type!r}: this component has {known}; deploy one that has it"
            )
        return definition


def defn(
    fn: F | None = None, *, name: str | None = None, no_thread_cancel_exception: bool = False, dynamic: bool = False
) -> Any:
    """Makes a function an activity, of its own name unless there is another one. It may be `async` or not.

    A method belongs to an object: the component makes one when the class needs no arguments, otherwise `register` gives
    it one.
    """
    if name is not None and dynamic:
        raise RuntimeError("Cannot provide name and dynamic boolean")

    def decorate(function: Any) -> Any:
        target = function
        if inspect.isclass(function):
            # A class whose objects are called.
            target = function.__call__
        elif not callable(function):
            raise TypeError("Activity is not callable")
        definition = Definition(
            None if dynamic else name or function.__name__,
            target,
            inspect.cleandoc(function.__doc__ or ""),
            qualname=target.__qualname__,
        )
        other = DEFINITIONS.get(definition.name)
        if other is not None and (other.function.__module__, other.qualname) != (
            target.__module__,
            definition.qualname,
        ):
            CONFLICTS.append(
                f"two activities have the name {definition.name!r}: {other.qualname} and {definition.qualname}"
            )
        setattr(function, _MARK, definition)
        function.__wrt_no_cancel_exception__ = no_thread_cancel_exception
        DEFINITIONS[definition.name] = definition
        return function

    return decorate if fn is None else decorate(fn)


def register(*objects: Any) -> None:
    """Makes these objects the ones that their activities, which are methods, are called on."""
    for owner in objects:
        found = False
        for _, member in inspect.getmembers(type(owner), callable):
            definition = vars(member).get(_MARK) if hasattr(member, "__dict__") else None
            if isinstance(definition, Definition):
                definition.owner = owner
                found = True
        if isinstance(marked := getattr(type(owner), _MARK, None), Definition):
            marked.owner = owner
            found = True
        if not found:
            raise ValueError(f"{type(owner).__qualname__} has no method that is decorated with @activity.defn")


def make_owners(find_class: Callable[[Definition], Any]) -> None:
    """Makes the objects of methods that have none, as far as their classes need no arguments."""
    made: dict[type, Any] = {}
    for definition in DEFINITIONS.values():
        if definition.owner is not None or not _is_method(definition.function):
            continue
        cls = find_class(definition)
        if not inspect.isclass(cls):
            continue
        parameters = inspect.signature(cls).parameters.values()
        required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if not required:
            definition.owner = made.get(cls) or made.setdefault(cls, cls())


def _is_method(function: Callable[..., Any]) -> bool:
    parent = getattr(function, "__qualname__", "").rpartition(".")[0]
    parameters = list(inspect.signature(function).parameters)
    return bool(parent) and not parent.endswith("<locals>") and bool(parameters) and parameters[0] == "self"


def activity_name(activity: Any) -> tuple[str, Any]:
    """The type of an activity that is named by text or by its function, and the hint of its result."""
    if isinstance(activity, str):
        return activity, None
    from ..workflow.definition import result_hint

    definition = getattr(activity, _MARK, None)
    if not isinstance(definition, Definition):
        raise TypeError(
            f"{getattr(activity, '__qualname__', activity)} is no activity: decorate it with @activity.defn"
        )
    if definition.name is None:
        raise ValueError("Cannot invoke dynamic activity explicitly")
    return definition.name, result_hint(definition.function)
