"""Limits that a namespace sets for its workflows."""

from __future__ import annotations

import json

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.world import World


async def test_a_namespace_limits_what_its_workflows_are_given(world: World) -> None:
    name = world.unique("namespace")
    register = RegisterNamespaceRequest(namespace=name)
    register.workflow_execution_retention_period.FromSeconds(24 * 3600)
    await world.client.workflow_service.register_namespace(register)
    await world.server.command("namespace", "update", name, "--limit", "blob_size_error=1000")

    client = await world.server.client(namespace=name)
    start = client.start_workflow("Hello", "x" * 1000, id="large", task_queue="hello")
    await refused(RPCStatusCode.INVALID_ARGUMENT, start, "Blob data size exceeds limit.", "blob_size_error")
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    assert described.namespace_info.limits.blob_size_limit_error == 1000

    shown = json.loads(await world.server.command("namespace", "describe", name, "--output", "json"))
    assert shown["limits"]["blob_size_error"] == {"value": 1000, "isDefault": False}
    assert shown["limits"]["history_count_error"] == {"value": 51200, "isDefault": True}
    await world.server.command("namespace", "update", name, "--limit", "blob_size_error=default")
    await client.start_workflow("Hello", "x" * 1000, id="large", task_queue="hello")
