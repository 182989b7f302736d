"""What a workflow in Python stands on: the smallest runtime between `async def` and the contract in `wit/`."""

from .context import Context
from .definition import query, workflow
from .failure import ApplicationFailure, Failure

__all__ = ["ApplicationFailure", "Context", "Failure", "query", "workflow"]
