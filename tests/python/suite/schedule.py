"""Schedules, through Temporal's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCStatusCode

from harness.check import raises, refused
from harness.orders import Order
from harness.world import HELLO, LONG_PAUSE_MS, ORDERS, World

# Long enough that the schedule does nothing by itself while a test looks at it.
SELDOM = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=3650))])

# The longest wait for something that has to happen.
PATIENCE_SECONDS = 60


def hello(world: World, **options: object) -> ScheduleActionStartWorkflow:
    """Greets Ada, under a name of its own."""
    return ScheduleActionStartWorkflow("Hello", "Ada", id=world.unique("hello"), task_queue=HELLO, **options)


def paused_order(world: World) -> ScheduleActionStartWorkflow:
    """Starts an order that sleeps for an hour."""
    order = Order(pause_ms=LONG_PAUSE_MS)
    return ScheduleActionStartWorkflow("OrderWorkflow", order, id=world.unique("order"), task_queue=ORDERS)


async def create(world: World, schedule: Schedule, **options: object) -> ScheduleHandle:
    """Creates a schedule under a name of its own."""
    return await world.client.create_schedule(world.unique("schedule"), schedule, **options)


async def wait_until(handle: ScheduleHandle, test: Callable[[ScheduleDescription], bool]) -> ScheduleDescription:
    """Asks again and again until the description is as it has to become."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not test(described := await handle.describe()):
            pass
        return described


def started(described: ScheduleDescription) -> list[str]:
    """The ids of the workflows that were started."""
    actions = [result.action for result in described.info.recent_actions]
    return [action.workflow_id for action in actions if isinstance(action, ScheduleActionExecutionStartWorkflow)]


async def test_a_schedule_is_described_as_it_was_created(world: World) -> None:
    schedule = Schedule(
        action=hello(world, memo={"note": "from a schedule"}, run_timeout=timedelta(minutes=5)),
        spec=ScheduleSpec(
            calendars=[
                ScheduleCalendarSpec(
                    hour=[ScheduleRange(9, 17, 2)], day_of_week=[ScheduleRange(1, 5)], comment="at work"
                )
            ],
            intervals=[ScheduleIntervalSpec(every=timedelta(days=2), offset=timedelta(hours=1))],
            cron_expressions=["0 12 * * MON"],
            skip=[ScheduleCalendarSpec(year=[ScheduleRange(2050)])],
            start_at=datetime(2020, 1, 1, tzinfo=UTC),
            jitter=timedelta(seconds=80),
            time_zone_name="America/Chicago",
        ),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=timedelta(minutes=5), pause_on_failure=True
        ),
        state=ScheduleState(note="a note", paused=True, limited_actions=True, remaining_actions=30),
    )
    handle = await create(world, schedule, memo={"who": "tests"})
    described = await handle.describe()
    assert described.id == handle.id
    assert (await described.memo())["who"] == "tests"
    assert described.schedule.policy == schedule.policy
    assert described.schedule.state == schedule.state
    spec = described.schedule.spec
    assert spec.cron_expressions == [], "they have become calendars"
    at_work, noon = spec.calendars
    assert at_work.comment == "at work"
    assert list(at_work.hour) == [ScheduleRange(9, 17, 2)]
    assert list(at_work.day_of_week) == [ScheduleRange(1, 5, 1)]
    assert [*noon.hour, *noon.day_of_week] == [ScheduleRange(12, 12, 1), ScheduleRange(1, 1, 1)]
    assert spec.intervals == schedule.spec.intervals
    assert (spec.time_zone_name, spec.jitter, spec.start_at) == (
        "America/Chicago",
        timedelta(seconds=80),
        datetime(2020, 1, 1, tzinfo=UTC),
    )
    assert list(spec.skip[0].year) == [ScheduleRange(2050, 2050, 1)]
    action = described.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert (action.workflow, action.task_queue, action.run_timeout) == ("Hello", HELLO, timedelta(minutes=5))
    assert len(described.info.next_action_times) == 10
    assert described.info.created_at is not None
    assert described.info.last_updated_at is None
    await handle.delete()


async def test_an_id_is_taken_until_its_schedule_is_deleted(world: World) -> None:
    schedule = Schedule(action=hello(world), spec=SELDOM)
    handle = await create(world, schedule)
    await raises(ScheduleAlreadyRunningError, world.client.create_schedule(handle.id, schedule))
    await handle.delete()
    for call in [handle.describe(), handle.delete(), handle.trigger(), handle.pause()]:
        await refused(RPCStatusCode.NOT_FOUND, call, handle.id)
    again = await world.client.create_schedule(handle.id, schedule)
    await again.delete()


async def test_a_schedule_runs_its_workflow_as_time_passes(world: World) -> None:
    action = hello(world)
    every_second = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=1))])
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    handle = await create(world, Schedule(action=action, spec=every_second, policy=policy))
    described = await wait_until(handle, lambda described: described.info.num_actions >= 2)
    await handle.delete()
    first = described.info.recent_actions[0]
    assert isinstance(first.action, ScheduleActionExecutionStartWorkflow)
    assert first.action.workflow_id == f"{action.id}-{first.scheduled_at:%Y-%m-%dT%H:%M:%SZ}"
    workflow = world.client.get_workflow_handle(
        first.action.workflow_id, run_id=first.action.first_execution_run_id, result_type=str
    )
    assert await workflow.result() == "Hello, Ada!"
    attributes = (await workflow.describe()).search_attributes
    assert attributes["TemporalScheduledById"] == [handle.id]
    assert attributes["TemporalScheduledStartTime"] == [first.scheduled_at]


async def test_a_trigger_starts_the_workflow_at_once(world: World) -> None:
    handle = await create(world, Schedule(action=hello(world), spec=SELDOM), trigger_immediately=True)
    described = await wait_until(handle, lambda described: described.info.num_actions == 1)
    await world.client.get_workflow_handle(started(described)[0]).result()
    await wait_until(handle, lambda described: not described.info.running_actions)
    await handle.trigger()
    await wait_until(handle, lambda described: described.info.num_actions == 2)
    await handle.delete()


async def test_what_overlaps_is_handled_as_the_policy_says(world: World) -> None:
    handle = await create(world, Schedule(action=paused_order(world), spec=SELDOM), trigger_immediately=True)
    described = await wait_until(handle, lambda described: described.info.num_actions == 1)
    order = world.client.get_workflow_handle(started(described)[0])
    await handle.trigger()
    assert (await handle.describe()).info.num_actions_skipped_overlap == 1
    await handle.trigger(overlap=ScheduleOverlapPolicy.TERMINATE_OTHER)
    await wait_until(handle, lambda described: described.info.num_actions == 2)
    first = await world.client.get_workflow_handle(order.id, run_id=first_run(described)).describe()
    assert first.status == WorkflowExecutionStatus.TERMINATED
    described = await handle.describe()
    await handle.delete()
    await world.client.get_workflow_handle(started(described)[-1]).terminate()


def first_run(described: ScheduleDescription) -> str:
    """The run of the first action."""
    action = described.info.recent_actions[0].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    return action.first_execution_run_id


async def test_the_past_is_backfilled(world: World) -> None:
    hourly = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))])
    action = hello(world)
    schedule = Schedule(action=action, spec=hourly, state=ScheduleState(paused=True))
    begin = datetime(2020, 1, 20, 5, tzinfo=UTC)
    backfill = ScheduleBackfill(
        start_at=begin, end_at=begin + timedelta(hours=1), overlap=ScheduleOverlapPolicy.ALLOW_ALL
    )
    handle = await create(world, schedule, backfill=[backfill])
    await wait_until(handle, lambda described: described.info.num_actions == 2)
    later = begin + timedelta(days=1)
    await handle.backfill(
        ScheduleBackfill(start_at=later, end_at=later, overlap=ScheduleOverlapPolicy.ALLOW_ALL),
        ScheduleBackfill(start_at=begin + timedelta(days=2), end_at=begin + timedelta(days=2, minutes=59)),
    )
    described = await wait_until(handle, lambda described: described.info.num_actions == 4)
    hours = ["20T05", "20T06", "21T05", "22T05"]
    assert sorted(started(described)) == [f"{action.id}-2020-01-{hour}:00:00Z" for hour in hours]
    await handle.delete()


async def test_a_schedule_is_paused_and_goes_on(world: World) -> None:
    handle = await create(world, Schedule(action=hello(world), spec=SELDOM))
    await handle.pause(note="holidays")
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (True, "holidays")
    await handle.unpause()
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (False, "Unpaused via Python SDK")
    await handle.delete()


async def test_a_schedule_is_updated(world: World) -> None:
    handle = await create(world, Schedule(action=hello(world), spec=SELDOM))

    def daily(given: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = given.description.schedule
        schedule.spec = ScheduleSpec(cron_expressions=["@daily"])
        schedule.state.note = "changed"
        return ScheduleUpdate(schedule)

    await handle.update(daily)
    described = await handle.describe()
    assert described.schedule.state.note == "changed"
    assert described.schedule.spec.intervals == []
    assert described.info.last_updated_at is not None
    assert {(time.hour, time.minute) for time in described.info.next_action_times} == {(0, 0)}
    await handle.update(lambda _: None)
    await handle.delete()


async def test_schedules_are_listed(world: World) -> None:
    prefix = world.unique("listed")
    for number in range(3):
        schedule = Schedule(action=hello(world), spec=SELDOM, state=ScheduleState(paused=number == 1))
        await world.client.create_schedule(f"{prefix}-{number}", schedule, memo={"number": number})

    async def listed(query: str, **options: int) -> list[str]:
        found = await world.client.list_schedules(query, **options)
        return [entry.id async for entry in found]

    mine = f"ScheduleId STARTS_WITH '{prefix}'"
    assert await listed(mine, page_size=2) == [f"{prefix}-{number}" for number in [2, 1, 0]]
    assert await listed(f"{mine} AND TemporalSchedulePaused = true") == [f"{prefix}-1"]
    async for entry in await world.client.list_schedules(f"ScheduleId = '{prefix}-1'"):
        assert entry.schedule is not None and entry.info is not None
        assert entry.schedule.state.paused
        assert entry.schedule.action.workflow == "Hello"
        assert await entry.memo() == {"number": 1}
        assert len(entry.info.next_action_times) == 5
    for number in range(3):
        await world.client.get_schedule_handle(f"{prefix}-{number}").delete()


async def test_specs_that_make_no_sense_are_refused(world: World) -> None:
    for spec in [
        ScheduleSpec(cron_expressions=["61 * * * *"]),
        ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(milliseconds=1))]),
        ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(24)])]),
        ScheduleSpec(time_zone_name="Moon/Sea"),
    ]:
        call = create(world, Schedule(action=hello(world), spec=spec))
        await refused(RPCStatusCode.INVALID_ARGUMENT, call, "Invalid schedule spec")
