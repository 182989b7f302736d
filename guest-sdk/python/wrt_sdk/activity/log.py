"""The log of the activity."""

from __future__ import annotations

import logging
from typing import Any

from ..workflow.log import LoggerAdapter, metric_meter

#: Writes into the log of the activity.
logger: Any = LoggerAdapter(logging.getLogger("wrt_sdk.activity"), None)

__all__ = ["LoggerAdapter", "logger", "metric_meter"]
