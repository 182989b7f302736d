"""Workers, which exist in tests alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..activity.definition import activity_name


class Worker:
    """Registers activities with a test's environment, so that tests which were written for Temporal's SDK run.

    Outside of tests there is no worker: the server runs what is deployed.
    """

    def __init__(
        self,
        client: Any,
        *,
        task_queue: str,
        workflows: Sequence[type] = (),
        activities: Sequence[Callable[..., Any]] = (),
        **without_effect: Any,
    ) -> None:
        self._environment: Any = getattr(client, "_environment", None)
        if self._environment is None:
            raise RuntimeError("there are no workers but in tests: build a component, and `wrt deploy` it")
        self._activities = activities

    async def __aenter__(self) -> Worker:
        for function in self._activities:
            self._environment.mock_activity(activity_name(_marked(function))[0], function)
        return self

    async def __aexit__(self, *error: Any) -> None:
        return None


def _marked(function: Any) -> Any:
    """The object that the decorator has marked: that of a method is its function, of a callable object its class."""
    for candidate in (function, getattr(function, "__func__", None), type(function)):
        if hasattr(candidate, "__wrt_activity__"):
            return candidate
    return function
