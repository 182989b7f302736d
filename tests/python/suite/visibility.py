"""Finding workflows: lists and counts by filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.world import World


async def test_workflows_are_found_by_what_they_are(world: World) -> None:
    group = world.unique("group")
    began = datetime.now(UTC) - timedelta(minutes=1)
    hello = await world.start_hello(id=f"{group}-hello")
    done = await world.start_order(id=f"{group}-done")
    paused = await world.start_paused_order(id=f"{group}-paused", memo={"color": "green"})
    await done.result()
    await hello.result()

    mine = f"WorkflowId STARTS_WITH '{group}-'"
    cases = {
        "": {"hello", "done", "paused"},
        "WorkflowType = 'OrderWorkflow'": {"done", "paused"},
        "WorkflowType IN ('Hello', 'Other')": {"hello"},
        "ExecutionStatus = 'Running'": {"paused"},
        "ExecutionStatus != 'Running' AND WorkflowType = 'OrderWorkflow'": {"done"},
        "TaskQueue = 'hello'": {"hello"},
        "CloseTime IS NULL": {"paused"},
        f"StartTime > '{began.isoformat()}'": {"hello", "done", "paused"},
        f"StartTime < '{began.isoformat()}'": set(),
        f"RunId = '{done.result_run_id}'": {"done"},
        "ExecutionStatus = 'Running' OR WorkflowType = 'Hello'": {"hello", "paused"},
    }
    for condition, expected in cases.items():
        query = f"{mine} AND ({condition})" if condition else mine
        found = {found.id.removeprefix(f"{group}-") async for found in world.client.list_workflows(query)}
        assert found == expected, f"{condition}: {found}"
        assert (await world.client.count_workflows(query)).count == len(expected), condition

    [listed] = [found async for found in world.client.list_workflows(f"{mine} AND ExecutionStatus = 'Running'")]
    assert (listed.id, listed.run_id, listed.workflow_type) == (paused.id, paused.result_run_id, "OrderWorkflow")
    assert listed.status == WorkflowExecutionStatus.RUNNING
    assert await listed.memo_value("color") == "green"
    await paused.terminate()


async def test_workflows_are_counted_by_status(world: World) -> None:
    group = world.unique("group")
    for number in range(3):
        handle = await world.start_order(id=f"{group}-{number}")
        await handle.result()
    paused = await world.start_paused_order(id=f"{group}-paused")

    query = f"WorkflowId STARTS_WITH '{group}-' GROUP BY ExecutionStatus"
    count = await world.client.count_workflows(query)
    assert count.count == 4
    groups = {str(found.group_values[0]): found.count for found in count.groups}
    assert groups == {"Running": 1, "Completed": 3}
    await paused.terminate()


async def test_workflows_are_found_by_search_attributes(world: World) -> None:
    group = world.unique("group")
    color = SearchAttributeKey.for_keyword("PyColor")
    amount = SearchAttributeKey.for_int("PyAmount")
    weight = SearchAttributeKey.for_float("PyWeight")
    paid = SearchAttributeKey.for_bool("PyPaid")
    due = SearchAttributeKey.for_datetime("PyDue")
    tags = SearchAttributeKey.for_keyword_list("PyTags")
    note = SearchAttributeKey.for_text("PyNote")
    keys = [color, amount, weight, paid, due, tags, note]
    operator = world.client.operator_service
    await operator.add_search_attributes(
        AddSearchAttributesRequest(
            namespace="default", search_attributes={key.name: int(key.indexed_value_type) for key in keys}
        )
    )
    listed = await operator.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert listed.custom_attributes["PyTags"] == IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST

    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    given = TypedSearchAttributes(
        [
            SearchAttributePair(color, "red"),
            SearchAttributePair(amount, 42),
            SearchAttributePair(weight, 1.5),
            SearchAttributePair(paid, True),
            SearchAttributePair(due, noon),
            SearchAttributePair(tags, ["new", "big"]),
            SearchAttributePair(note, "Leave it at the old mill"),
        ]
    )
    red = await world.start_paused_order(id=f"{group}-red", search_attributes=given)
    blue = await world.start_paused_order(
        id=f"{group}-blue", search_attributes=TypedSearchAttributes([SearchAttributePair(color, "blue")])
    )
    cases = {
        "PyColor = 'red'": {"red"},
        "PyColor IN ('red', 'blue')": {"red", "blue"},
        "PyColor != 'red'": {"blue"},
        "PyAmount >= 42 AND PyAmount < 43": {"red"},
        "PyWeight = 1.5": {"red"},
        "PyPaid = true": {"red"},
        f"PyDue = '{noon.isoformat()}'": {"red"},
        "PyTags = 'big'": {"red"},
        "PyNote = 'mill'": {"red"},
        "PyAmount IS NULL": {"blue"},
    }
    for condition, expected in cases.items():
        query = f"WorkflowId STARTS_WITH '{group}-' AND ({condition})"
        found = {found.id.removeprefix(f"{group}-") async for found in world.client.list_workflows(query)}
        assert found == expected, f"{condition}: {found}"

    described = (await red.describe()).typed_search_attributes
    for pair in given:
        value = described[pair.key]
        assert value == pair.value, f"{pair.key.name}: {value}"
    count = await world.client.count_workflows(f"WorkflowId STARTS_WITH '{group}-' GROUP BY PyColor")
    groups = {str(found.group_values[0]): found.count for found in count.groups}
    assert groups == {"red": 1, "blue": 1}
    await red.terminate()
    await blue.terminate()


async def test_unknown_search_attributes_are_refused(world: World) -> None:
    unknown = TypedSearchAttributes([SearchAttributePair(SearchAttributeKey.for_keyword("Nobody"), "x")])
    start = world.start_hello(search_attributes=unknown)
    await refused(RPCStatusCode.INVALID_ARGUMENT, start, "no mapping defined for search attribute Nobody")


async def test_long_lists_come_in_pages(world: World) -> None:
    group = world.unique("group")
    handles = [await world.start_hello(id=f"{group}-{number}") for number in range(5)]
    query = f"WorkflowId STARTS_WITH '{group}-'"
    listed = [found.id async for found in world.client.list_workflows(query, page_size=2)]
    assert sorted(listed) == [handle.id for handle in handles]
    limited = [found.id async for found in world.client.list_workflows(query, page_size=2, limit=3)]
    assert limited == listed[:3]


async def test_queries_that_make_no_sense_are_refused(world: World) -> None:
    for query in ["Color = 'green'", "WorkflowType =", "ExecutionStatus = 'Tired'", "StartTime > 'yesterday'"]:
        await refused(RPCStatusCode.INVALID_ARGUMENT, world.client.count_workflows(query))
