"""Runs tests at the same time and prints one line for each."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import time
import traceback
from collections.abc import Awaitable, Callable
from types import ModuleType

from .world import World

Test = Callable[[World], Awaitable[None]]

# Tests that run at the same time: most of them wait for the server most of the time.
AT_A_TIME = 8

# The longest that a test may take, on a busy machine.
TEST_SECONDS = 240


def collect(package: ModuleType, filters: list[str]) -> dict[str, Test]:
    """The functions named `test_…` in the modules of a package, by module and name, which hold one of the filters."""
    tests = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for name, function in vars(module).items():
            if name.startswith("test_"):
                tests[f"{module_info.name}.{name.removeprefix('test_')}"] = function
    return {name: test for name, test in tests.items() if not filters or any(word in name for word in filters)}


async def run(tests: dict[str, Test], world: World) -> list[str]:
    """Runs all tests and returns the names of those that failed."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def run_one(name: str, test: Test) -> str | None:
        async with places:
            return None if await _passes(name, test, world) else name

    outcomes = await asyncio.gather(*(run_one(name, test) for name, test in tests.items()))
    return [name for name in outcomes if name is not None]


async def _passes(name: str, test: Test, world: World) -> bool:
    began = time.monotonic()
    try:
        async with asyncio.timeout(TEST_SECONDS):
            await test(world)
    except Exception:
        print(f"test {name} ... FAILED\n{traceback.format_exc()}", flush=True)
        return False
    print(f"test {name} ... ok ({time.monotonic() - began:.2f} s)", flush=True)
    return True
