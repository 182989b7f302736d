"""How often and how fast to try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass
class RetryPolicy:
    """How often and how fast to try again."""

    #: The wait before the second attempt.
    initial_interval: timedelta = timedelta(seconds=1)
    #: The factor by which the wait grows, at least 1.
    backoff_coefficient: float = 2.0
    #: The longest wait; 100 times the initial interval when it is not set.
    maximum_interval: timedelta | None = None
    #: Attempts in total, the first one included. 0 stands for "without end".
    maximum_attempts: int = 0
    #: Types of application failures that end the attempts at once.
    non_retryable_error_types: Sequence[str] | None = None

    def _validate(self) -> None:
        """Raises `ValueError` for a policy that the server would refuse."""
        if self.maximum_attempts == 1:
            return
        if self.initial_interval < timedelta():
            raise ValueError("Initial interval cannot be negative")
        if self.backoff_coefficient < 1:
            raise ValueError("Backoff coefficient cannot be less than 1")
        if self.maximum_interval is not None:
            if self.maximum_interval < timedelta():
                raise ValueError("Maximum interval cannot be negative")
            if self.maximum_interval < self.initial_interval:
                raise ValueError("Maximum interval cannot be less than initial interval")
        if self.maximum_attempts < 0:
            raise ValueError("Maximum attempts cannot be negative")
