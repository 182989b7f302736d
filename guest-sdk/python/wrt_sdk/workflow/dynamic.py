"""The configuration of the workflow that takes all types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..common import VersioningBehavior


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
