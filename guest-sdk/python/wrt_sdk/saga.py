"""Undoing, in reverse order, what a failed workflow had already done."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .cancellation import shielded
from .exceptions import ApplicationError
from .workflow.continue_as_new import ContinueAsNewError
from .workflow.log import logger


class Saga:
    """A list of compensations, run last first when the block that registered them fails or is cancelled.

    ```python
    async with Saga() as saga:
        flight = await workflow.execute_activity(book_flight, trip, start_to_close_timeout=MINUTE)
        saga.add_compensation(workflow.execute_activity, cancel_flight, flight, start_to_close_timeout=MINUTE)
        hotel = await workflow.execute_activity(book_hotel, trip, start_to_close_timeout=MINUTE)
    ```

    A cancellation does not reach compensations. Unless `stop_on_error` is set, one that fails does not keep the others
    from running; then the block ends with an `ApplicationError` of type `CompensationFailed`, whose cause is what had
    failed first. To continue as new is no failure: nothing is undone.
    """

    def __init__(self, *, parallel: bool = False, stop_on_error: bool = False) -> None:
        self._parallel = parallel
        self._stop_on_error = stop_on_error
        self._compensations: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add_compensation(self, undo: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Registers how to undo a step: a function, with what it will be called with. It may return an awaitable."""
        self._compensations.append((undo, args, kwargs))

    async def compensate(self) -> list[BaseException]:
        """Runs the compensations, last first, and returns what went wrong in them. Then there are none any more."""
        compensations, self._compensations = self._compensations[::-1], []
        undoing = asyncio.get_running_loop().create_task(self._undo(compensations))
        try:
            return await shielded(undoing)
        except asyncio.CancelledError:
            return undoing.result()

    async def _undo(self, compensations: list[Any]) -> list[BaseException]:
        if self._parallel:
            calls = [self._call(*compensation) for compensation in compensations]
            return [error for error in await asyncio.gather(*calls) if error is not None]
        errors = []
        for compensation in compensations:
            error = await self._call(*compensation)
            if error is not None:
                errors.append(error)
                if self._stop_on_error:
                    break
        return errors

    async def _call(self, undo: Callable[..., Any], args: Any, kwargs: Any) -> BaseException | None:
        try:
            result = undo(*args, **kwargs)
            if inspect.isawaitable(result):
                await result
        except Exception as error:
            logger.error("compensation failed", extra={"error": str(_root_cause(error))})
            return error
        return None

    async def __aenter__(self) -> Saga:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, (ContinueAsNewError, GeneratorExit)):
            return
        count = len(self._compensations)
        failed = await self.compensate()
        if failed:
            texts = "; ".join(str(_root_cause(failure)) for failure in failed)
            raise ApplicationError(
                f"{len(failed)} of {count} compensations failed: {texts}", type="CompensationFailed"
            ) from error


def _root_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
