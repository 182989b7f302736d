"""The names of Temporal's sandbox. Here the component is the sandbox, so they let everything through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Flag, auto
from typing import Any


class SandboxImportNotificationPolicy(Flag):
    """Accepted, and without effect."""

    SILENT = auto()
    WARN_ON_DYNAMIC_IMPORT = auto()
    WARN_ON_UNINTENTIONAL_PASSTHROUGH = auto()
    RAISE_ON_UNINTENTIONAL_PASSTHROUGH = auto()


class unsafe:
    """What Temporal calls unsafe."""

    @staticmethod
    def in_sandbox() -> bool:
        """False: there is no sandbox within the component."""
        return False

    @staticmethod
    def is_replaying() -> bool:
        """False: a guest cannot tell a replay from the first time."""
        return False

    @staticmethod
    def is_replaying_history_events() -> bool:
        """False: a guest cannot tell a replay from the first time."""
        return False

    @staticmethod
    def is_read_only() -> bool:
        """True in queries and validators."""
        from ..runtime import current

        return current.run().read_only

    @staticmethod
    @contextmanager
    def imports_passed_through() -> Iterator[None]:
        """Imports as usual."""
        yield

    @staticmethod
    @contextmanager
    def sandbox_unrestricted() -> Iterator[None]:
        """Runs as usual."""
        yield

    @staticmethod
    @contextmanager
    def sandbox_import_notification_policy(policy: Any) -> Iterator[None]:
        """Imports as usual."""
        yield
