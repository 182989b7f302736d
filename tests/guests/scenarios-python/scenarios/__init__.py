"""Programs of steps, run as workflows."""

from . import activities, workflow

__all__ = ["activities", "workflow"]
