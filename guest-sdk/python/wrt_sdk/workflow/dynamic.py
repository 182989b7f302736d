"""The configuration of the workflow that takes all types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..common import VersioningBehavior
from .definition import Definition


@dataclass
class DynamicWorkflowConfig:
    """What a dynamic workflow decides when it starts."""

    failure_exception_types: Sequence[type[BaseException]] | None = None
    #: Without effect.
    versioning_behavior: VersioningBehavior = VersioningBehavior.UNSPECIFIED


def dynamic_config(function: Callable[[Any], DynamicWorkflowConfig]) -> Callable[[Any], DynamicWorkflowConfig]:
    """Makes a method give the configuration of a dynamic workflow."""
    function._wrt_dynamic_config = True  # type: ignore[attr-defined]
    return function


def apply_config(instance: Any, definition: Definition) -> Definition:
    """The definition as the instance of a dynamic workflow wants it."""
    for _, method in inspect.getmembers(type(instance), lambda member: hasattr(member, "_wrt_dynamic_config")):
        config: DynamicWorkflowConfig = method(instance)
        if config.failure_exception_types is not None:
            return replace(definition, failure_exception_types=config.failure_exception_types)
    return definition
