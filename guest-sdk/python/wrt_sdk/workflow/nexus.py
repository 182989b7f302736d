"""Nexus operations, which the contract does not have."""

from typing import Any, NoReturn


def create_nexus_client(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises `NotImplementedError`."""
    raise NotImplementedError("workflows in components have no Nexus operations: call an activity instead")
