"""Updates, alone and with a start; workflows that continue as new; children."""

from __future__ import annotations

import asyncio

from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from harness.check import raises, refused
from harness.world import PATTERNS, World


async def start_approval(world: World, seconds: int = 3_600):
    return await world.client.start_workflow(
        "Approval", seconds, id=world.unique("approval"), task_queue=PATTERNS, result_type=str
    )


async def start_account(world: World, balance: int, changes_per_run: int, **options):
    return await world.client.start_workflow(
        "Account",
        args=[balance, changes_per_run],
        id=options.pop("id", None) or world.unique("account"),
        task_queue=PATTERNS,
        result_type=int,
        **options,
    )


async def test_an_update_is_answered(world: World) -> None:
    approval = await start_approval(world)
    assert await approval.execute_update("approve", "Ada", result_type=str) == "Ada"
    assert await approval.result() == "approved by Ada"


async def test_a_validator_turns_an_update_away(world: World) -> None:
    approval = await start_approval(world)
    error = await raises(WorkflowUpdateFailedError, approval.execute_update("approve", ""))
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.type, error.cause.message) == ("NoName", "a decision needs a name")
    unknown = await raises(WorkflowUpdateFailedError, approval.execute_update("no-such-update"))
    assert "no-such-update" in str(unknown.cause)
    await approval.terminate()


async def test_an_update_is_accepted_now_and_answered_later(world: World) -> None:
    account = await start_account(world, 10, 100)
    handle = await account.start_update(
        "change", 5, wait_for_stage=WorkflowUpdateStage.ACCEPTED, id="five", result_type=int
    )
    assert await handle.result() == 15
    again = account.get_update_handle("five", result_type=int)
    assert await again.result() == 15
    assert await account.execute_update("change", 5, id="five", result_type=int) == 15
    assert await account.query("balance", result_type=int) == 15
    await account.signal("close")
    assert await account.result() == 15


async def test_updates_go_on_in_the_runs_that_follow(world: World) -> None:
    account = await start_account(world, 0, 2)
    current = world.client.get_workflow_handle(account.id)
    for expected in range(1, 6):
        assert await current.execute_update("change", 1, result_type=int) == expected
    await current.signal("close")
    assert await account.result() == 5


async def test_updates_at_the_same_time(world: World) -> None:
    account = await start_account(world, 0, 1_000)
    changes = (account.execute_update("change", 1, result_type=int) for _ in range(8))
    assert sorted(await asyncio.gather(*changes)) == list(range(1, 9))
    await account.signal("close")
    assert await account.result() == 8


async def test_an_update_starts_the_workflow_that_it_is_for(world: World) -> None:
    workflow_id = world.unique("account")

    async def change(amount: int) -> int:
        start = WithStartWorkflowOperation(
            "Account",
            args=[10, 100],
            id=workflow_id,
            task_queue=PATTERNS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        changed = await world.client.execute_update_with_start_workflow(
            "change", amount, start_workflow_operation=start, result_type=int
        )
        handle = await start.workflow_handle()
        assert handle.id == workflow_id
        return changed

    assert await change(1) == 11
    assert await change(2) == 13
    error = await raises(WorkflowUpdateFailedError, change(-100))
    assert "only 13 left" in str(error.cause)
    await world.client.get_workflow_handle(workflow_id).terminate()


async def test_a_closed_workflow_takes_no_updates(world: World) -> None:
    approval = await start_approval(world, seconds=0)
    await approval.result()
    await refused(RPCStatusCode.NOT_FOUND, approval.execute_update("approve", "late"), "completed")


async def test_a_tree_of_children(world: World) -> None:
    tree = await world.client.start_workflow(
        "ChildTree", args=[2, 4], id=world.unique("tree"), task_queue=PATTERNS, result_type=int
    )
    assert await tree.result() == 16
    described = await tree.describe()
    children = [run async for run in world.client.list_workflows(f"ParentWorkflowId = '{described.id}'")]
    assert len(children) == 4
