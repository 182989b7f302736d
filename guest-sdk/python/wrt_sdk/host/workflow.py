"""The interface `guest` of workflows."""

from __future__ import annotations

from typing import Any

from componentize_py_types import Err

from .. import __version__
from ..converter.failure import SOURCE
from ..runtime.handlers import describe_error
from ..runtime.jobs import Start
from ..runtime.run import Run
from ..workflow.definition import DEFINITIONS, Definition, Handler
from . import jobs, log
from .commands import ComponentHost
from .convert import from_payloads, to_payloads
from .names import workflow_guest as wit
from .names import workflow_types

_run: Run | None = None


class WorkflowGuest:
    """What a component of workflows exports. An exception must not leave it: it would trap, and its text be lost."""

    def describe(self) -> Any:
        """Names what there is; one that takes all types has no name to tell."""
        described = [_describe(definition) for definition in DEFINITIONS.values() if definition.name is not None]
        return wit.ModuleDefinition(SOURCE, __version__, described)

    def activate(self, activation: Any) -> None:
        """Takes in what happened and goes as far as it can."""
        try:
            _activate(activation)
        except LookupError as error:
            text = str(error) if _run is None else describe_error(error)
        except BaseException as error:
            text = describe_error(error)
        else:
            return
        raise Err(text)

    def query(self, query: Any) -> list[Any]:
        """Answers a question about the run."""
        try:
            if _run is None:
                raise RuntimeError(f"query {query.name!r} came before the run has started")
            return to_payloads(workflow_types, _run.handlers.query(query.name, from_payloads(query.input)))
        except BaseException as error:
            text = describe_error(error)
        raise Err(text)


def _activate(given: Any) -> None:
    global _run
    activation = jobs.activation(given)
    if _run is None:
        start = activation.jobs[0] if activation.jobs else None
        if not isinstance(start, Start):
            raise RuntimeError("the first job of a run has to be its start")
        host = ComponentHost()
        log.write_to(host)
        _run = Run(Definition.find(start.info.workflow_type), start, host)
    _run.activate(activation)


def _describe(definition: Definition) -> Any:
    return wit.WorkflowDefinition(
        name=definition.name,
        description=definition.description,
        input_schema=None,
        output_schema=None,
        signals=_handlers(definition.signals),
        queries=_handlers(definition.queries),
        updates=_handlers(definition.updates),
    )


def _handlers(handlers: dict[str | None, Handler]) -> list[Any]:
    return [
        wit.HandlerDefinition(handler.name, handler.description, None, None)
        for handler in handlers.values()
        if handler.name is not None
    ]
