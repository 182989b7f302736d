"""Workflow types: classes with a coroutine `run`, found by name."""

import inspect
from collections.abc import Callable
from typing import Any

from wit_world.exports.guest import HandlerDefinition, ModuleDefinition, WorkflowDefinition

DEFINITIONS: dict[str, type] = {}


def workflow(definition: type) -> type:
    """Registers a class as the workflow type of its name. Its attribute `signals` maps names to descriptions."""
    DEFINITIONS[definition.__name__] = definition
    return definition


def query(method: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a method the answer to queries of its name."""
    method.is_query = True
    return method


def queries(definition: type) -> dict[str, Callable[..., Any]]:
    """The query methods of a workflow type."""
    return {name: method for name, method in vars(definition).items() if hasattr(method, "is_query")}


def describe(sdk_name: str, sdk_version: str) -> ModuleDefinition:
    """All registered workflow types, in the words of the contract."""
    return ModuleDefinition(sdk_name, sdk_version, [_describe(definition) for definition in DEFINITIONS.values()])


def _describe(definition: type) -> WorkflowDefinition:
    return WorkflowDefinition(
        name=definition.__name__,
        description=inspect.getdoc(definition) or "",
        input_schema=None,
        output_schema=None,
        signals=[HandlerDefinition(name, text, None, None) for name, text in definition.signals.items()],
        queries=[
            HandlerDefinition(name, inspect.getdoc(method) or "", None, None)
            for name, method in queries(definition).items()
        ],
        updates=[],
    )
