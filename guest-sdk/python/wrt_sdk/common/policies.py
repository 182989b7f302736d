"""Choices that starts of workflows make. The numbers are those of Temporal's API."""

from enum import IntEnum


class WorkflowIDReusePolicy(IntEnum):
    """Whether a workflow id may be used again after its run has closed."""

    ALLOW_DUPLICATE = 1
    ALLOW_DUPLICATE_FAILED_ONLY = 2
    REJECT_DUPLICATE = 3
    #: Not for children: the contract does not have it.
    TERMINATE_IF_RUNNING = 4


class WorkflowIDConflictPolicy(IntEnum):
    """What a start does when the id belongs to an open run. Clients use it; workflows cannot."""

    UNSPECIFIED = 0
    FAIL = 1
    USE_EXISTING = 2
    TERMINATE_EXISTING = 3


class ActivityIDReusePolicy(IntEnum):
    """Clients use it; workflows cannot."""

    UNSPECIFIED = 0
    ALLOW_DUPLICATE = 1
    ALLOW_DUPLICATE_FAILED_ONLY = 2
    REJECT_DUPLICATE = 3


class ActivityIDConflictPolicy(IntEnum):
    """Clients use it; workflows cannot."""

    UNSPECIFIED = 0
    FAIL = 1
    USE_EXISTING = 2


class QueryRejectCondition(IntEnum):
    """When a query is refused. Clients use it; workflows cannot."""

    NONE = 1
    NOT_OPEN = 2
    NOT_COMPLETED_CLEANLY = 3


class VersioningBehavior(IntEnum):
    """Accepted, and without effect: a run stays on the component that it started on."""

    UNSPECIFIED = 0
    PINNED = 1
    AUTO_UPGRADE = 2
