"""Markers in histories: of patches, and of local activities."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..runtime.jobs import ActivityResolved
from .history import Event


@dataclass(frozen=True)
class Mark:
    """The mark of a patch."""

    id: str
    deprecated: bool

    @staticmethod
    def of(event: Event) -> Mark | None:
        """None when the event is another one."""
        if event.kind != "MARKER_RECORDED" or event.text("markerName") != "core_patch":
            return None
        details = _detail(event, "patch-data")
        return Mark(details.get("id", ""), bool(details.get("deprecated")))


def _detail(event: Event, name: str) -> dict[str, Any]:
    payloads = event.payloads(f"details.{name}")
    read = json.loads(payloads[0].data) if payloads else {}
    return read if isinstance(read, dict) else {}


def local_activity(event: Event) -> ActivityResolved | None:
    """The end of a local activity; None when the event is another one."""
    if event.kind != "MARKER_RECORDED" or event.text("markerName") != "core_local_activity":
        return None
    seq = int(str(_detail(event, "data").get("seq") or 0))
    failure = event.failure("failure")
    return ActivityResolved(seq, failure if failure is not None else event.payloads("details.result"))
