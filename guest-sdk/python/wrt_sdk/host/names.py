"""The generated modules, whose names depend on what the world has beside them."""

from __future__ import annotations

import importlib
from typing import Any


def find(*names: str) -> Any:
    """The first module of `wit_world` that is there, None when there is none."""
    for name in names:
        try:
            return importlib.import_module(f"wit_world.{name}")
        except ModuleNotFoundError:
            continue
    return None


#: The interface `guest` of workflows, None in the world of activities.
workflow_guest = find("exports.wrt_workflow_guest", "exports.guest")
if workflow_guest is not None and not hasattr(workflow_guest, "Activation"):
    workflow_guest = None

#: The interface `guest` of activities, None in the world of workflows.
activity_guest = find("exports.wrt_activity_guest", "exports.guest")
if activity_guest is not None and not hasattr(activity_guest, "Task"):
    activity_guest = None

workflow_types = find("imports.wrt_workflow_types", "imports.types")
activity_types = find("imports.wrt_activity_types", "imports.types")
