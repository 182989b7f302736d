"""The workflow that runs programs."""

import asyncio
from typing import Any

from wrt_sdk import workflow

from .errors import Return
from .program import Program


@workflow.defn(name="Scenario")
class Scenario:
    """Runs a program of steps."""

    @workflow.run
    async def run(self, scenario: dict[str, Any]) -> Any:
        program = Program(scenario["program"], scenario.get("input") or {})
        asyncio.create_task(program.watch())
        try:
            await program.run(program.steps, program.main)
        except Return as ended:
            return ended.value
        return None
