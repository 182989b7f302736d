"""The importance of a task among those that wait in the same queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Priority:
    """The importance of a task among those that wait in the same queue."""

    #: 1 goes first; None stands for the default.
    priority_key: int | None = None
    #: Tasks share a queue fairly by this key.
    fairness_key: str | None = None
    #: The share of the fairness key; None stands for 1.
    fairness_weight: float | None = None

    #: All defaults.
    default: ClassVar[Priority]

    def __post_init__(self) -> None:
        if self.priority_key is not None and self.priority_key < 1:
            raise ValueError("Priority key must be at least 1")


Priority.default = Priority()
