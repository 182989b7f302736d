"""Going on in a new run, with a fresh history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NoReturn

from ..common import RetryPolicy, TypedSearchAttributes
from ..converter.payload import Payload
from ..runtime import current
from ..runtime.host import ContinueAsNewOptions
from .arguments import UNSET, arguments_of
from .versioning import ContinueAsNewVersioningBehavior, VersioningIntent


class ContinueAsNewError(BaseException):
    """Ends the run; let it through."""

    def __init__(self, input: list[Payload], options: ContinueAsNewOptions) -> None:
        super().__init__("Continue as new")
        self._input = input
        self._options = options


def continue_as_new(
    arg: Any = UNSET,
    *,
    args: Sequence[Any] = (),
    workflow: Any = None,
    task_queue: str | None = None,
    run_timeout: timedelta | None = None,
    task_timeout: timedelta | None = None,
    retry_policy: RetryPolicy | None = None,
    memo: Mapping[str, Any] | None = None,
    search_attributes: TypedSearchAttributes | Mapping[str, Sequence[Any]] | None = None,
    versioning_intent: VersioningIntent | None = None,
    initial_versioning_behavior: ContinueAsNewVersioningBehavior | None = None,
) -> NoReturn:
    """Ends this run and goes on in a new one. What is not given stays as it is. It never returns."""
    from .child_workflow import encode_attributes, encode_memo
    from .definition import workflow_name

    run = current.run()
    run.check_writable()
    options = ContinueAsNewOptions(
        workflow_type=workflow_name(workflow)[0] if workflow is not None else None,
        task_queue=task_queue,
        run_timeout=run_timeout,
        task_timeout=task_timeout,
        retry_policy=retry_policy,
        memo=encode_memo(memo) if memo is not None else None,
        search_attributes=encode_attributes(search_attributes) if search_attributes is not None else None,
    )
    raise ContinueAsNewError(run.converter.to_payloads(arguments_of(arg, args)), options)
