"""The steps that call activities, children and other workflows."""

import asyncio
from datetime import timedelta
from typing import Any

from wrt_sdk import workflow
from wrt_sdk.common import RetryPolicy, WorkflowIDReusePolicy
from wrt_sdk.workflow import ActivityCancellationType, ChildWorkflowCancellationType, ParentClosePolicy

from .scopes import Frame
from .values import evaluate

Options = dict[str, Any]

_ACTIVITY_CANCELLATIONS = {
    "try": ActivityCancellationType.TRY_CANCEL,
    "wait": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    "abandon": ActivityCancellationType.ABANDON,
}

_CHILD_CANCELLATIONS = {
    "try": ChildWorkflowCancellationType.TRY_CANCEL,
    "wait": ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    "abandon": ChildWorkflowCancellationType.ABANDON,
}

_PARENT_CLOSE = {
    "terminate": ParentClosePolicy.TERMINATE,
    "abandon": ParentClosePolicy.ABANDON,
    "cancel": ParentClosePolicy.REQUEST_CANCEL,
}

_ID_REUSE = {
    "allow": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    "failed_only": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    "reject": WorkflowIDReusePolicy.REJECT_DUPLICATE,
}


def milliseconds(options: Options, name: str) -> timedelta | None:
    """A span of the options."""
    return timedelta(milliseconds=options[name]) if options.get(name) is not None else None


def retry_policy(options: Options) -> RetryPolicy | None:
    """The retry policy of the options."""
    given = options.get("retry")
    if given is None:
        return None
    policy = RetryPolicy(maximum_interval=milliseconds(given, "maximum_ms"))
    policy.initial_interval = milliseconds(given, "initial_ms") or policy.initial_interval
    policy.backoff_coefficient = given.get("backoff") or policy.backoff_coefficient
    policy.maximum_attempts = given.get("maximum_attempts") or 0
    policy.non_retryable_error_types = given.get("non_retryable")
    return policy


async def activity(step: dict[str, Any], frame: Frame) -> Any:
    """Runs an activity, or a local one."""
    frame.check_cancelled()
    options = evaluate(step.get("options") or {}, frame.variables)
    keywords: dict[str, Any] = {
        "args": evaluate(step.get("input") or [], frame.variables),
        "activity_id": options.get("activity_id"),
        "schedule_to_close_timeout": milliseconds(options, "schedule_to_close_ms"),
        "start_to_close_timeout": milliseconds(options, "start_to_close_ms"),
        "retry_policy": retry_policy(options),
        "cancellation_type": _ACTIVITY_CANCELLATIONS[options.get("cancellation") or "try"],
    }
    if keywords["schedule_to_close_timeout"] is None and keywords["start_to_close_timeout"] is None:
        keywords["start_to_close_timeout"] = timedelta(seconds=10)
    if "local_activity" in step:
        return await workflow.execute_local_activity(step["local_activity"], **keywords)
    return await workflow.execute_activity(
        step["activity"],
        **keywords,
        schedule_to_start_timeout=milliseconds(options, "schedule_to_start_ms"),
        heartbeat_timeout=milliseconds(options, "heartbeat_ms"),
        task_queue=options.get("task_queue"),
        summary=options.get("summary"),
    )


class Children:
    """The children that a program has started, by their names in it."""

    def __init__(self) -> None:
        self._children: dict[str, tuple[workflow.ChildWorkflowHandle, str]] = {}

    async def execute(self, step: dict[str, Any], frame: Frame) -> Any:
        """Runs a child to its end."""
        frame.check_cancelled()
        options = evaluate(step.get("options") or {}, frame.variables)
        cancellation = _CHILD_CANCELLATIONS[options.get("cancellation") or "try"]
        return await workflow.execute_child_workflow(
            step["child"], **_child_options(step, options, frame), cancellation_type=cancellation
        )

    async def start(self, step: dict[str, Any], frame: Frame) -> None:
        """Starts a child. Its handle waits for its end, so that `cancel_child` does not end `join_child`."""
        frame.check_cancelled()
        options = evaluate(step.get("options") or {}, frame.variables)
        handle = await workflow.start_child_workflow(
            step["start_child"],
            **_child_options(step, options, frame),
            cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        self._children[step["as"]] = handle, options.get("cancellation") or "try"

    async def join(self, name: str, frame: Frame) -> Any:
        """Waits for the end of a child; what a cancellation does is settled by its options."""
        handle, cancellation = self._children[name]
        if not handle.done():
            frame.check_cancelled()
        if cancellation == "wait":
            return await handle
        try:
            return await asyncio.shield(handle)
        except asyncio.CancelledError:
            if cancellation == "try":
                handle.cancel()
            raise

    async def signal(self, step: dict[str, Any], frame: Frame) -> None:
        """Signals a child."""
        handle, _ = self._children[step["signal_child"]]
        await handle.signal(step["signal"], args=evaluate(step.get("input") or [], frame.variables))

    def cancel(self, name: str) -> None:
        """Asks a child to cancel itself."""
        self._children[name][0].cancel()


def _child_options(step: dict[str, Any], options: Options, frame: Frame) -> dict[str, Any]:
    return {
        "args": evaluate(step.get("input") or [], frame.variables),
        "id": options.get("workflow_id"),
        "task_queue": options.get("task_queue"),
        "execution_timeout": milliseconds(options, "execution_timeout_ms"),
        "run_timeout": milliseconds(options, "run_timeout_ms"),
        "task_timeout": milliseconds(options, "task_timeout_ms"),
        "parent_close_policy": _PARENT_CLOSE[options.get("parent_close") or "terminate"],
        "id_reuse_policy": _ID_REUSE[options.get("id_reuse") or "allow"],
        "retry_policy": retry_policy(options),
        "cron_schedule": options.get("cron") or "",
        "memo": options.get("memo"),
    }


def external(target: Any, frame: Frame) -> workflow.ExternalWorkflowHandle:
    """The other workflow that a step names."""
    target = evaluate(target, frame.variables)
    return workflow.get_external_workflow_handle(target["workflow_id"], run_id=target.get("run_id"))


def continue_as_new(step: dict[str, Any], program: list[Any], frame: Frame) -> None:
    """Goes on in a new run."""
    given = step["continue_as_new"]
    options = evaluate(step.get("options") or {}, frame.variables)
    following = given.get("program") or program
    workflow.continue_as_new(
        {"program": following, "input": evaluate(given.get("input"), frame.variables)},
        workflow=options.get("workflow_type"),
        task_queue=options.get("task_queue"),
        run_timeout=milliseconds(options, "run_timeout_ms"),
        task_timeout=milliseconds(options, "task_timeout_ms"),
        memo=options.get("memo"),
    )
