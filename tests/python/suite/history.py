"""Histories: whole, in pages, as they grow."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, HistoryEventFilterType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import WorkflowHistory, WorkflowHistoryEventFilterType

from harness.orders import Order, Receipt
from harness.world import World

# What an order does three times.
STEPS = ["ACTIVITY_TASK_SCHEDULED", "ACTIVITY_TASK_STARTED", "ACTIVITY_TASK_COMPLETED"]


async def test_a_history_is_whole(world: World) -> None:
    order = await world.start_order()
    receipt = await order.result()
    history = await order.fetch_history()
    assert [event.event_id for event in history.events] == list(range(1, len(history.events) + 1))
    kinds = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events]
    assert kinds[0] == "WORKFLOW_EXECUTION_STARTED"
    assert kinds[-1] == "WORKFLOW_EXECUTION_COMPLETED"
    assert [kind for kind in kinds if kind in STEPS] == STEPS * 3

    converter = world.client.data_converter
    started = history.events[0].workflow_execution_started_event_attributes
    assert await converter.decode(started.input.payloads, [Order]) == [Order()]
    completed = history.events[-1].workflow_execution_completed_event_attributes
    assert await converter.decode(completed.result.payloads, [Receipt]) == [receipt]


async def test_a_history_survives_its_way_through_json(world: World) -> None:
    order = await world.start_order()
    await order.result()
    history = await order.fetch_history()
    read = WorkflowHistory.from_json(order.id, history.to_json())
    assert list(read.events) == list(history.events)


async def test_a_history_comes_in_pages(world: World) -> None:
    order = await world.start_order()
    await order.result()
    whole = (await order.fetch_history()).events
    pages = [event async for event in order.fetch_history_events(page_size=3)]
    assert pages == list(whole)
    close = WorkflowHistoryEventFilterType.CLOSE_EVENT
    last = [event async for event in order.fetch_history_events(event_filter_type=close)]
    assert last == [whole[-1]]


async def test_a_history_can_be_followed(world: World) -> None:
    order = await world.start_order(Order(pause_ms=200))
    followed = [event async for event in order.fetch_history_events(wait_new_event=True)]
    assert followed == list((await order.fetch_history()).events)


async def test_a_wait_without_an_end_says_where_to_go_on(world: World) -> None:
    order = await world.start_paused_order()
    request = GetWorkflowExecutionHistoryRequest(
        namespace="default",
        execution=WorkflowExecution(workflow_id=order.id),
        wait_new_event=True,
        history_event_filter_type=HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
    )
    service = world.client.workflow_service
    empty = await service.get_workflow_execution_history(request, timeout=timedelta(seconds=3))
    assert not empty.history.events
    assert empty.next_page_token

    await order.terminate()
    request.next_page_token = empty.next_page_token
    closed = await service.get_workflow_execution_history(request)
    kinds = [event.event_type for event in closed.history.events]
    assert kinds == [EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED]
    assert not closed.next_page_token
