"""`PolyglotWorkflow` in Python. The same workflow, step by step, is in ../javascript/src/polyglot.js."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from durable import Context, query, workflow


@workflow
class PolyglotWorkflow:
    """Greets somebody, takes a nap, and waits for an approval."""

    signals = {"approve": "Ends the wait; the argument says who approves."}

    def __init__(self) -> None:
        self.step = "started"

    @query
    def status(self) -> str:
        """The step that the workflow is at."""
        return self.step

    async def run(self, context: Context, order: dict[str, Any]) -> dict[str, Any]:
        started_at = datetime.now(UTC)
        try:
            self.step = "greeting"
            greeting = await context.activity(
                "Greet", order["name"], start_to_close=timedelta(seconds=10), maximum_attempts=3
            )
            self.step = "napping"
            await context.sleep(timedelta(milliseconds=order["nap_ms"]))
            self.step = "waiting-for-approval"
            approved_by = await context.signal("approve")
        except asyncio.CancelledError:
            self.step = "canceled"
            raise
        self.step = "done"
        return {
            "greeting": greeting,
            "approved_by": approved_by,
            "random": random.random(),
            "started_at": started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
