"""Runs Temporal's Python client and its activity worker against a real `wrt`.

    python run.py [FILTER …]

runs the tests of the folder `suite` whose names hold one of the filters. The last line is "PASSED n tests" or
"FAILED n tests". See README.md for the environment.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import suite
from harness import logs, places, runner
from harness.world import World


async def main(filters: list[str]) -> int:
    """Returns the exit code."""
    tests = runner.collect(suite, filters)
    if not tests:
        print(f"FAILED 1 tests: no test is called {' or '.join(filters)}")
        return 1
    folder = places.scratch() / "python"
    prepare(folder)
    async with World.open(folder / "shared") as world:
        failed = await runner.run(tests, world)
    if failed:
        print(f"FAILED {len(failed)} tests: {', '.join(failed)}; the logs are in {folder}")
        return 1
    print(f"PASSED {len(tests)} tests")
    return 0


def prepare(folder: Path) -> None:
    """Makes the folder for what this run writes, without what the last one wrote."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    logs.write_to(folder / "client.log")


if __name__ == "__main__":
    code = asyncio.run(main(sys.argv[1:]))
    # The client's native part may crash while the interpreter tears it down, when everything is said and done.
    sys.stdout.flush()
    os._exit(code)
