"""Runs workflows and activities natively, with time that passes by itself."""

from .activity_environment import ActivityEnvironment
from .client import UpdateHandle, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from .environment import WorkflowEnvironment
from .host import Command

__all__ = [
    "ActivityEnvironment",
    "Command",
    "UpdateHandle",
    "WorkflowEnvironment",
    "WorkflowFailureError",
    "WorkflowHandle",
    "WorkflowUpdateFailedError",
]
