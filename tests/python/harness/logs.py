"""What the client and its workers log, which includes each failure that a test wants to happen."""

from __future__ import annotations

import logging
from pathlib import Path

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter


def write_to(file: Path) -> None:
    """Sends everything to a file, the messages of the client's native part included."""
    logging.basicConfig(filename=file, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    native = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.native")),
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=native)))
