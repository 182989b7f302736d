"""Failures between the generated classes and those of this package."""

from __future__ import annotations

from typing import Any

from wit_world.imports import failures as wit

from ..converter.failure import (
    ActivityInfo,
    ApplicationInfo,
    CanceledInfo,
    ChildWorkflowInfo,
    Failure,
    FailureInfo,
    ServerInfo,
    TerminatedInfo,
    TimeoutInfo,
)
from ..exceptions import RetryState, TimeoutType
from .convert import from_duration, from_payloads, to_duration, to_payloads
from .names import workflow_types


def to_links(failure: Failure) -> list[Any]:
    return [
        wit.FailureLink(link.message, link.source, link.stack_trace, _to_info(link.info)) for link in failure.links()
    ]


def from_links(links: list[Any]) -> Failure:
    failure = None
    for link in reversed(links):
        failure = Failure(link.message, _from_info(link.info), link.source, link.stack_trace, failure)
    return failure or Failure("a failure without a link", ServerInfo(True))


def _to_info(info: FailureInfo) -> Any:
    if isinstance(info, ApplicationInfo):
        return wit.FailureInfo_Application(
            wit.ApplicationFailure(
                failure_type=info.failure_type,
                non_retryable=info.non_retryable,
                details=to_payloads(workflow_types, info.details),
                next_retry_delay=to_duration(workflow_types, info.next_retry_delay),
            )
        )
    if isinstance(info, TimeoutInfo):
        details = to_payloads(workflow_types, info.last_heartbeat_details)
        return wit.FailureInfo_Timeout(wit.TimeoutFailure(wit.TimeoutType[info.timeout_type.name], details))
    if isinstance(info, CanceledInfo):
        return wit.FailureInfo_Canceled(to_payloads(workflow_types, info.details))
    if isinstance(info, TerminatedInfo):
        return wit.FailureInfo_Terminated()
    if isinstance(info, ServerInfo):
        return wit.FailureInfo_Server(info.non_retryable)
    state = wit.RetryState[info.retry_state.name]
    if isinstance(info, ActivityInfo):
        return wit.FailureInfo_Activity(wit.ActivityFailure(info.activity_type, info.activity_id, info.identity, state))
    return wit.FailureInfo_ChildWorkflow(
        wit.ChildWorkflowFailure(info.workflow_type, info.workflow_id, info.run_id, state)
    )


def _from_info(info: Any) -> FailureInfo:
    match info:
        case wit.FailureInfo_Application(value):
            delay = from_duration(value.next_retry_delay)
            return ApplicationInfo(value.failure_type, value.non_retryable, from_payloads(value.details), delay)
        case wit.FailureInfo_Timeout(value):
            return TimeoutInfo(TimeoutType[value.timeout_type.name], from_payloads(value.last_heartbeat_details))
        case wit.FailureInfo_Canceled(details):
            return CanceledInfo(from_payloads(details))
        case wit.FailureInfo_Terminated():
            return TerminatedInfo()
        case wit.FailureInfo_Server(non_retryable):
            return ServerInfo(non_retryable)
        case wit.FailureInfo_Activity(value):
            state = RetryState[value.retry_state.name]
            return ActivityInfo(value.activity_type, value.activity_id, value.identity, state)
        case wit.FailureInfo_ChildWorkflow(value):
            state = RetryState[value.retry_state.name]
            return ChildWorkflowInfo(value.workflow_type, value.workflow_id, value.run_id, state)
        case _:
            raise ValueError(f"unknown kind of failure: {info!r}")
