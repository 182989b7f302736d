"""The log of the workflow. Silent on replay, so that each line appears once."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any


class LoggerAdapter(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A logger whose `extra` become named values of the line."""

    #: The attributes of Temporal's adapter; the server adds what it knows of the run by itself.
    workflow_info_on_message = False
    workflow_info_on_extra = False
    full_workflow_info_on_extra = False
    log_during_replay = False

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs

    @property
    def base_logger(self) -> logging.Logger:
        """The logger of the standard library behind it."""
        logger: logging.Logger = self.logger
        return logger


#: Writes into the log of the workflow.
logger = LoggerAdapter(logging.getLogger("wrt_sdk.workflow"), None)


def metric_meter() -> Any:
    """Raises `NotImplementedError`: a component has no metrics of its own."""
    raise NotImplementedError("a component has no metrics of its own: the server counts workflows and activities")
