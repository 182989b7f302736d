"""Makes a component of the modules of an application. Runs while the component is built."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from .. import compat
from ..activity import definition as activities
from ..workflow import definition as workflows
from . import imports
from .names import activity_guest, workflow_guest


def load(modules: list[str], late_imports: list[str]) -> dict[str, Any]:
    """Imports the application, and returns the classes that the generated code asks for by name."""
    compat.install()
    imports.warm_up()
    for name in modules:
        importlib.import_module(name)
    if conflicts := activities.CONFLICTS + workflows.CONFLICTS:
        raise ValueError("; ".join(conflicts))
    if not activities.DEFINITIONS and not workflows.DEFINITIONS:
        raise ValueError(
            f"{', '.join(modules)}: no workflow and no activity: decorate some with @workflow.defn, @activity.defn"
        )
    activities.make_owners(_class_of)
    imports.take_along(late_imports)
    imports.keep_sources()
    exports = _exports()
    if activity_guest is not None:
        _install_http()
    imports.explain_missing_modules()
    return exports


def _install_http() -> None:
    from ..http import component, urllib  # noqa: F401 (imported now, because later is too late)

    urllib.install()


def _class_of(definition: activities.Definition) -> Any:
    """The class that a method was defined in."""
    found: Any = sys.modules.get(definition.function.__module__)
    for name in definition.qualname.split(".")[:-1]:
        found = getattr(found, name, None)
    return None if isinstance(found, ModuleType) else found


def _exports() -> dict[str, Any]:
    exports: dict[str, Any] = {}
    if workflow_guest is not None:
        from .workflow import WorkflowGuest

        exports["WrtWorkflowGuest"] = exports["Guest"] = WorkflowGuest
    if activity_guest is not None:
        from .activity import ActivityGuest

        exports["WrtActivityGuest"] = exports["Guest"] = ActivityGuest
    return exports
