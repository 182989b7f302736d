"""Connecting, and what the server says about itself."""

from __future__ import annotations

from temporalio.api.workflowservice.v1 import (
    GetClusterInfoRequest,
    GetSystemInfoRequest,
    GetWorkerVersioningRulesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.world import World


async def test_the_server_is_healthy(world: World) -> None:
    assert await world.client.service_client.check_health()


async def test_a_lazy_client_connects_with_its_first_call(world: World) -> None:
    client = await Client.connect(world.server.address, lazy=True)
    assert (await client.count_workflows("WorkflowId = 'nobody'")).count == 0


async def test_the_server_says_what_it_is(world: World) -> None:
    system = await world.client.workflow_service.get_system_info(GetSystemInfoRequest())
    cluster = await world.client.workflow_service.get_cluster_info(GetClusterInfoRequest())
    assert system.server_version == cluster.server_version
    assert system.capabilities.signal_and_query_header
    assert system.capabilities.supports_schedules
    assert cluster.supported_clients["temporal-python"]


async def test_what_is_not_there_says_so(world: World) -> None:
    request = GetWorkerVersioningRulesRequest(namespace="default", task_queue="orders")
    call = world.client.workflow_service.get_worker_versioning_rules(request)
    await refused(RPCStatusCode.UNIMPLEMENTED, call, "GetWorkerVersioningRules")
