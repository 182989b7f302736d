"""Batch operations, and runs that are paused: calls for which the client has only the bare service."""

from __future__ import annotations

import asyncio
import contextlib

from temporalio.api.batch.v1 import BatchOperationCancellation, BatchOperationSignal, BatchOperationTermination
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import BatchOperationState
from temporalio.api.workflowservice.v1 import (
    DescribeBatchOperationRequest,
    DescribeBatchOperationResponse,
    DescribeWorkflowExecutionRequest,
    ListBatchOperationsRequest,
    PauseWorkflowExecutionRequest,
    StartBatchOperationRequest,
    StopBatchOperationRequest,
    UnpauseWorkflowExecutionRequest,
)
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from harness.check import refused
from harness.orders import Order
from harness.world import LONG_PAUSE_MS, World, events

COUNT = 5


async def orders(world: World) -> tuple[str, list[WorkflowHandle[object, object]]]:
    """Some orders that sleep for an hour, and the query that finds them."""
    prefix = world.unique("batch")
    order = Order(pause_ms=LONG_PAUSE_MS)
    starts = [world.start_order(order, id=f"{prefix}-{number}") for number in range(COUNT)]
    return f"WorkflowId STARTS_WITH '{prefix}-'", await asyncio.gather(*starts)


def batch(world: World, query: str, rate: float = 0) -> StartBatchOperationRequest:
    """A batch operation with an id of its own."""
    return StartBatchOperationRequest(
        namespace="default",
        visibility_query=query,
        job_id=world.unique("job"),
        reason="a test",
        max_operations_per_second=rate,
    )


async def describe(world: World, job_id: str) -> DescribeBatchOperationResponse:
    """What the server knows about it."""
    request = DescribeBatchOperationRequest(namespace="default", job_id=job_id)
    return await world.client.workflow_service.describe_batch_operation(request)


async def run(world: World, request: StartBatchOperationRequest) -> DescribeBatchOperationResponse:
    """Starts it and waits for its end."""
    await world.client.workflow_service.start_batch_operation(request)
    while (described := await describe(world, request.job_id)).state != BatchOperationState.BATCH_OPERATION_STATE_COMPLETED:
        await asyncio.sleep(0.01)
    return described


async def test_what_a_query_finds_is_signaled_and_terminated(world: World) -> None:
    query, started = await orders(world)
    signal = batch(world, query)
    signal.signal_operation.CopyFrom(BatchOperationSignal(signal="noise", identity="me"))
    described = await run(world, signal)
    assert (described.total_operation_count, described.complete_operation_count) == (COUNT, COUNT)
    assert (described.identity, described.reason, described.query) == ("me", "a test", query)
    for order in started:
        assert (await events(order)).count("WORKFLOW_EXECUTION_SIGNALED") == 1

    terminate = batch(world, query)
    terminate.termination_operation.CopyFrom(BatchOperationTermination())
    await run(world, terminate)
    for order in started:
        assert (await order.describe()).status == WorkflowExecutionStatus.TERMINATED
    listed = await world.client.workflow_service.list_batch_operations(ListBatchOperationsRequest(namespace="default"))
    ids = [info.job_id for info in listed.operation_info]
    assert ids.index(terminate.job_id) < ids.index(signal.job_id)
    await refused(
        RPCStatusCode.ALREADY_EXISTS, world.client.workflow_service.start_batch_operation(terminate), terminate.job_id
    )


async def test_an_operation_is_stopped(world: World) -> None:
    query, started = await orders(world)
    request = batch(world, query, rate=0.01)
    request.cancellation_operation.CopyFrom(BatchOperationCancellation())
    await world.client.workflow_service.start_batch_operation(request)
    stop = StopBatchOperationRequest(namespace="default", job_id=request.job_id, reason="enough")
    await world.client.workflow_service.stop_batch_operation(stop)
    described = await describe(world, request.job_id)
    assert described.state == BatchOperationState.BATCH_OPERATION_STATE_FAILED
    assert described.complete_operation_count <= 1
    for order in started:
        # One of them may have been asked to cancel itself, and has ended then.
        with contextlib.suppress(RPCError):
            await order.terminate()


async def test_a_paused_run_records_and_waits(world: World) -> None:
    order = await world.start_paused_order()
    service = world.client.workflow_service
    await service.pause_workflow_execution(
        PauseWorkflowExecutionRequest(namespace="default", workflow_id=order.id, reason="audit")
    )
    await order.signal("cancel-order", "while it was paused")
    # The client of this version does not know the status, and refuses to describe the run itself.
    described = await service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace="default", execution=WorkflowExecution(workflow_id=order.id))
    )
    assert described.workflow_extended_info.pause_info.reason == "audit"
    assert (await events(order))[-2:] == ["WORKFLOW_EXECUTION_PAUSED", "WORKFLOW_EXECUTION_SIGNALED"]
    await service.unpause_workflow_execution(
        UnpauseWorkflowExecutionRequest(namespace="default", workflow_id=order.id)
    )
    async for found in order.fetch_history_events(wait_new_event=True):
        if found.HasField("workflow_execution_failed_event_attributes"):
            return
    raise AssertionError("it was canceled by the signal")
