"""Workflow types: decorated classes, and the handlers in them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar, overload

from ..common import RawValue, VersioningBehavior
from ..converter.data import DataConverter
from ..converter.payload import Payload

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__wrt_handler__"
_DEFINITION = "__wrt_workflow__"

#: The workflow types of the component, by name; None stands for the one that takes all others.
DEFINITIONS: dict[str | None, Definition] = {}

#: Names that were given twice: allowed in tests, an error in a component.
CONFLICTS: list[str] = []


class HandlerUnfinishedPolicy(Enum):
    """What happens when the workflow ends while the handler is at work."""

    #: A warning in the log names it.
    WARN_AND_ABANDON = 1
    #: Nothing.
    ABANDON = 2


@dataclass(frozen=True)
class Handler:
    """A function of a workflow that somebody outside calls by a name."""

    #: `run`, `signal`, `query` or `update`.
    kind: str
    #: None for the one that takes all other names.
    name: str | None
    function: Callable[..., Any]
    description: str = ""
    unfinished_policy: HandlerUnfinishedPolicy = HandlerUnfinishedPolicy.WARN_AND_ABANDON
    validator: Callable[..., None] | None = None
    #: True when the function needs no instance in front.
    bound: bool = False

    @property
    def hints(self) -> list[Any] | None:
        """The annotations of the parameters after `self`, None when there are none."""
        return parameter_hints(self.function, skip=0 if self.bound else 1)

    def arguments(self, input: Sequence[Payload], converter: DataConverter) -> list[Any]:
        """The arguments without the instance."""
        if self.name is None:
            return [[RawValue(payload) for payload in input]]
        return converter.from_payloads(input, self.hints)

    def call_arguments(self, instance: Any, name: str, input: Sequence[Payload], converter: DataConverter) -> list[Any]:
        """All arguments of a call."""
        arguments = self.arguments(input, converter)
        if self.name is None and self.kind != "run":
            parameters = inspect.signature(self.function).parameters.values()
            takes_many = any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters)
            arguments = [name, *(arguments[0] if takes_many else arguments)]
        return arguments if self.bound else [instance, *arguments]


@dataclass
class Definition:
    """A workflow type."""

    name: str | None
    cls: type
    run: Handler
    init_takes_input: bool
    signals: dict[str | None, Handler]
    queries: dict[str | None, Handler]
    updates: dict[str | None, Handler]
    failure_exception_types: Sequence[type[BaseException]] = ()
    description: str = ""

    @staticmethod
    def of(workflow: Any) -> Definition:
        """The definition of a decorated class. Raises `ValueError` when it has none."""
        definition = vars(workflow).get(_DEFINITION) if inspect.isclass(workflow) else None
        if definition is None:
            raise ValueError(
                f"{getattr(workflow, '__qualname__', workflow)} is no workflow: decorate it with @workflow.defn"
            )
        return definition  # type: ignore[no-any-return]

    @staticmethod
    def find(workflow_type: str) -> Definition:
        """The definition with this name. Raises `LookupError`, whose text names those that there are."""
        definition = DEFINITIONS.get(workflow_type) or DEFINITIONS.get(None)
        if definition is None:
            known = ", ".join(sorted(name for name in DEFINITIONS if name is not None)) or "none"
            raise LookupError(f"unknown workflow type {workflow_type!r}: this component has {known}")
        return definition


def parameter_hints(function: Callable[..., Any], skip: int) -> list[Any] | None:
    """The annotations of positional parameters, after those that are skipped; None when there are none."""
    hints = safe_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    found = [
        hints.get(parameter.name)
        for parameter in parameters
        if parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    return found if any(hint is not None for hint in found) else None


def result_hint(function: Any) -> Any:
    """The annotation of what the function returns, None when there is none."""
    hint = safe_hints(function).get("return")
    return None if hint is type(None) else hint


def safe_hints(function: Any) -> dict[str, Any]:
    """The annotations of a function; those that name what is not there are left out."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:
        return {name: hint for name, hint in inspect.get_annotations(function).items() if not isinstance(hint, str)}


# === Decorators ===


@overload
def defn(cls: C) -> C: ...
@overload
def defn(
    *,
    name: str | None = None,
    sandboxed: bool = True,
    dynamic: bool = False,
    failure_exception_types: Sequence[type[BaseException]] = (),
    versioning_behavior: VersioningBehavior = VersioningBehavior.UNSPECIFIED,
) -> Callable[[C], C]: ...
def defn(
    cls: Any = None,
    *,
    name: str | None = None,
    sandboxed: bool = True,
    dynamic: bool = False,
    failure_exception_types: Sequence[type[BaseException]] = (),
    versioning_behavior: VersioningBehavior = VersioningBehavior.UNSPECIFIED,
) -> Any:
    """Makes a class a workflow type, named like the class.

    `sandboxed` and `versioning_behavior` have no effect: the component is the sandbox, and a run stays on the component
    that it started on.
    """
    if name is not None and dynamic:
        raise RuntimeError("Cannot provide name and dynamic boolean")

    def decorate(cls: C) -> C:
        definition = _define(cls, None if dynamic else name or cls.__name__)
        definition.failure_exception_types = failure_exception_types
        other = DEFINITIONS.get(definition.name)
        if other is not None and (other.cls.__module__, other.cls.__qualname__) != (cls.__module__, cls.__qualname__):
            CONFLICTS.append(f"two workflows have the name {definition.name!r}: {other.cls!r} and {cls!r}")
        setattr(cls, _DEFINITION, definition)
        DEFINITIONS[definition.name] = definition
        return cls

    return decorate if cls is None else decorate(cls)


def _define(cls: type, name: str | None) -> Definition:
    handlers: dict[str, dict[str | None, Handler]] = {"run": {}, "signal": {}, "query": {}, "update": {}}
    for member, function in inspect.getmembers(cls):
        marked: Handler | None = getattr(function, _MARK, None)
        if marked is None:
            continue
        # What a subclass overrides counts, with the decorator of either.
        handler = replace(marked, function=function)
        validator = getattr(function, "_wrt_validator", None)
        handler = replace(handler, validator=validator or marked.validator)
        if marked.kind == "run" and function.__qualname__.rpartition(".")[0] != cls.__qualname__:
            raise ValueError(
                f"@workflow.run has to be on a method of {cls.__qualname__} itself, not of {function.__qualname__}"
            )
        if handler.name in handlers[marked.kind]:
            raise ValueError(f"{cls.__qualname__} has two handlers of the {marked.kind} {handler.name!r}: see {member}")
        handlers[marked.kind][handler.name] = handler
    if not handlers["run"]:
        raise ValueError(f"{cls.__qualname__} has no method that is decorated with @workflow.run")
    (run,) = handlers["run"].values()
    if name is None:
        run = replace(run, name=None)
    return Definition(
        name=name,
        cls=cls,
        run=run,
        init_takes_input=hasattr(cls.__init__, "_wrt_init"),  # type: ignore[misc]
        signals=handlers["signal"],
        queries=handlers["query"],
        updates=handlers["update"],
        description=inspect.cleandoc(cls.__doc__ or ""),
    )


def run(function: F) -> F:
    """Makes a coroutine the body of the workflow."""
    if not inspect.iscoroutinefunction(function):
        raise ValueError(f"@workflow.run needs an async function, {function.__qualname__} is none")
    _mark(function, "run", "run", None)
    return function


def init(function: F) -> F:
    """Makes `__init__` take the input of the workflow, too."""
    if function.__name__ != "__init__":
        raise ValueError("@workflow.init is for __init__ only")
    function._wrt_init = True  # type: ignore[attr-defined]
    return function


def signal(
    function: F | None = None,
    *,
    name: str | None = None,
    dynamic: bool = False,
    unfinished_policy: HandlerUnfinishedPolicy = HandlerUnfinishedPolicy.WARN_AND_ABANDON,
    description: str | None = None,
) -> Any:
    """Makes a method the handler of signals, those of its own name unless there is another one."""
    return _decorator("signal", function, name, dynamic, description, unfinished_policy)


def query(
    function: F | None = None, *, name: str | None = None, dynamic: bool = False, description: str | None = None
) -> Any:
    """Makes a method the answer to queries, those of its own name unless there is another one."""
    return _decorator("query", function, name, dynamic, description)


def update(
    function: F | None = None,
    *,
    name: str | None = None,
    dynamic: bool = False,
    unfinished_policy: HandlerUnfinishedPolicy = HandlerUnfinishedPolicy.WARN_AND_ABANDON,
    description: str | None = None,
) -> Any:
    """Makes a method the handler of updates, those of its own name unless there is another one.

    `@method.validator` decorates a function that raises for updates that are to be rejected.
    """
    return _decorator("update", function, name, dynamic, description, unfinished_policy)


def _decorator(
    kind: str,
    function: Any,
    name: str | None,
    dynamic: bool,
    description: str | None,
    unfinished_policy: HandlerUnfinishedPolicy = HandlerUnfinishedPolicy.WARN_AND_ABANDON,
) -> Any:
    if name is not None and dynamic:
        raise RuntimeError("Cannot provide name and dynamic boolean")

    def decorate(function: Any) -> Any:
        _mark(function, kind, None if dynamic else name or function.__name__, description, unfinished_policy)
        if kind == "update":

            def validator(validate: Any) -> Any:
                function._wrt_validator = validate
                return validate

            function.validator = validator
        return function

    return decorate if function is None else decorate(function)


def _mark(
    function: Any,
    kind: str,
    name: str | None,
    description: str | None,
    unfinished_policy: HandlerUnfinishedPolicy = HandlerUnfinishedPolicy.WARN_AND_ABANDON,
) -> None:
    text = description if description is not None else inspect.cleandoc(function.__doc__ or "")
    setattr(function, _MARK, Handler(kind, name, function, text, unfinished_policy))


def handler_name(handler: Any, kind: str) -> str:
    """The name of a decorated method, or the text itself."""
    if isinstance(handler, str):
        return handler
    marked: Handler | None = getattr(handler, _MARK, None)
    if marked is None or marked.kind != kind:
        raise TypeError(f"{getattr(handler, '__qualname__', handler)} is no {kind} of a workflow")
    if marked.name is None:
        raise RuntimeError(f"Cannot invoke dynamic {kind} explicitly")
    return marked.name


def workflow_name(workflow: Any) -> tuple[str, Any]:
    """The type of a workflow that is named by text, by its class or by its run method, and the hint of its result."""
    if isinstance(workflow, str):
        return workflow, None
    if inspect.isclass(workflow):
        definition = Definition.of(workflow)
    else:
        found = [definition for definition in DEFINITIONS.values() if definition.run.function is workflow]
        if not found:
            raise TypeError(f"{getattr(workflow, '__qualname__', workflow)} is no run method of a workflow")
        definition = found[0]
    if definition.name is None:
        raise ValueError("Cannot invoke dynamic workflow explicitly")
    return definition.name, result_hint(definition.run.function)
