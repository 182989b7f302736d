"""Changes of workflow code that replay the histories of the old code."""

from ..runtime import current


def patched(id: str) -> bool:
    """True when the code after the change is to run. The answer for an id stays the same for the rest of the run."""
    return current.run().host.patched(id)


def deprecate_patch(id: str) -> None:
    """Says that no run needs the code before the change any more, while histories still have the mark."""
    current.run().host.deprecate_patch(id)
