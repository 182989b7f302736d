"""The exports of the component."""

import traceback
from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.guest import Activation, ModuleDefinition, WorkflowQuery
from wit_world.imports.types import Payload

import polyglot  # noqa: F401 (registers its workflow)
from durable import definition, run
from durable.failure import Refusal


class Guest(exports.Guest):
    """The interface `guest`. An exception must not leave it: it would trap, and its text would be lost."""

    def describe(self) -> ModuleDefinition:
        return definition.describe("polyglot-python", "0.1.0")

    def activate(self, activation: Activation) -> None:
        return answer(run.activate, activation)

    def query(self, query: WorkflowQuery) -> list[Payload]:
        return answer(run.query, query)


def answer(function: Callable[[Any], Any], argument: Any) -> Any:
    """Calls the function; an exception becomes the error text of the contract, with its stack trace."""
    try:
        return function(argument)
    except Refusal as refusal:
        raise Err(str(refusal)) from None
    except Exception:
        raise Err(traceback.format_exc()) from None
