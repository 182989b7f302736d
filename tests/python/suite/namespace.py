"""Namespaces, by raw calls, since the client has no methods for them."""

from __future__ import annotations

from temporalio.api.enums.v1 import NamespaceState
from temporalio.api.namespace.v1 import UpdateNamespaceInfo
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    ListNamespacesRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.world import World

HOUR_SECONDS = 3600


async def test_namespaces_are_registered_described_updated_and_listed(world: World) -> None:
    service = world.client.workflow_service
    name = world.unique("namespace")
    register = RegisterNamespaceRequest(namespace=name, description="for a test")
    register.workflow_execution_retention_period.FromSeconds(24 * HOUR_SECONDS)
    await service.register_namespace(register)
    await refused(RPCStatusCode.ALREADY_EXISTS, service.register_namespace(register))

    update = UpdateNamespaceRequest(namespace=name, update_info=UpdateNamespaceInfo(owner_email="ada@example.com"))
    await service.update_namespace(update)
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    info = described.namespace_info
    assert (info.name, info.description, info.owner_email) == (name, "for a test", "ada@example.com")
    assert info.state == NamespaceState.NAMESPACE_STATE_REGISTERED
    assert described.config.workflow_execution_retention_ttl.ToSeconds() == 24 * HOUR_SECONDS

    listed = await service.list_namespaces(ListNamespacesRequest())
    names = {namespace.namespace_info.name for namespace in listed.namespaces}
    assert {"default", name} <= names


async def test_a_namespace_that_is_not_there_is_named(world: World) -> None:
    client = await world.server.client(namespace="nowhere")
    start = client.start_workflow("Hello", "Ada", id="lost", task_queue="hello")
    await refused(RPCStatusCode.NOT_FOUND, start, "nowhere")
    await refused(RPCStatusCode.NOT_FOUND, client.count_workflows(), "nowhere")


async def test_namespaces_keep_their_workflows_apart(world: World) -> None:
    name = world.unique("namespace")
    register = RegisterNamespaceRequest(namespace=name)
    register.workflow_execution_retention_period.FromSeconds(24 * HOUR_SECONDS)
    await world.client.workflow_service.register_namespace(register)
    elsewhere = await world.server.client(namespace=name)

    here = await world.start_hello()
    await refused(RPCStatusCode.NOT_FOUND, elsewhere.get_workflow_handle(here.id).describe())
    there = await elsewhere.start_workflow("Hello", "Ada", id=here.id, task_queue="hello")
    assert there.first_execution_run_id != here.first_execution_run_id
    assert (await there.describe()).history_length == 2, "no component has it in this namespace"
