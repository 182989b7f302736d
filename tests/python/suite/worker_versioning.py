"""Workers of several versions of one deployment, and the workflows that go from one to the other, or stay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.enums.v1 import VersionDrainageStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import WorkflowHandle
from temporalio.common import (
    AutoUpgradeVersioningOverride,
    PinnedVersioningOverride,
    VersioningBehavior,
    WorkerDeploymentVersion,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig
from temporalio.workflow import ContinueAsNewVersioningBehavior

from harness.check import raises
from harness.world import World
from suite.restart import fragile


@workflow.defn(name="Versioned")
class Versioned:
    """Waits for its signal, if it is to, and tells which version has run it then."""

    def __init__(self) -> None:
        self.finished = False

    @workflow.run
    async def run(self, what: str) -> list[str]:
        if what != "tell":
            await workflow.wait_condition(lambda: self.finished)
        if what == "child":
            child: list[str] = await workflow.execute_child_workflow(Versioned.run, "tell")
            return [version(), *child]
        if what == "again":
            workflow.continue_as_new("tell")
        if what == "upgrade":
            workflow.continue_as_new("tell", initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE)
        if what == "activity":
            by: str = await workflow.execute_activity("by", start_to_close_timeout=timedelta(seconds=20))
            return [version(), by]
        return [version()]

    @workflow.signal
    def finish(self) -> None:
        self.finished = True


def version() -> str:
    return workflow.info().get_current_build_id()


class Deployment:
    """A deployment with a task queue of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = world.unique("deployment")
        self.task_queue = world.unique("versioned")

    def version(self, build_id: str) -> WorkerDeploymentVersion:
        return WorkerDeploymentVersion(deployment_name=self.name, build_id=build_id)

    @asynccontextmanager
    async def worker(self, build_id: str, behavior: VersioningBehavior) -> AsyncIterator[None]:
        @activity.defn(name="by")
        async def by() -> str:
            return build_id

        async with Worker(
            self.world.client,
            task_queue=self.task_queue,
            workflows=[Versioned],
            activities=[by],
            workflow_runner=UnsandboxedWorkflowRunner(),
            identity=f"{self.name}-{build_id}",
            deployment_config=WorkerDeploymentConfig(
                version=self.version(build_id),
                use_worker_versioning=True,
                default_versioning_behavior=behavior,
            ),
        ):
            await self.has_version(build_id)
            yield

    async def describe(self) -> DescribeWorkerDeploymentResponse:
        request = DescribeWorkerDeploymentRequest(namespace=self.world.client.namespace, deployment_name=self.name)
        return await self.world.client.workflow_service.describe_worker_deployment(request)

    async def has_version(self, build_id: str) -> None:
        """Waits until both kinds of polls of a worker have come."""
        while True:
            try:
                described = await self.describe()
                summaries = described.worker_deployment_info.version_summaries
                if any(summary.deployment_version.build_id == build_id for summary in summaries):
                    return
            except RPCError as error:
                assert error.status == RPCStatusCode.NOT_FOUND, error
            await asyncio.sleep(0.01)

    async def set_current(self, build_id: str) -> None:
        token = (await self.describe()).conflict_token
        await self.world.client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self.world.client.namespace,
                deployment_name=self.name,
                build_id=build_id,
                conflict_token=token,
                ignore_missing_task_queues=True,
            )
        )

    async def set_ramping(self, build_id: str, percentage: float) -> None:
        await self.world.client.workflow_service.set_worker_deployment_ramping_version(
            SetWorkerDeploymentRampingVersionRequest(
                namespace=self.world.client.namespace,
                deployment_name=self.name,
                build_id=build_id,
                percentage=percentage,
                ignore_missing_task_queues=True,
            )
        )

    async def start(self, what: str, **options: Any) -> WorkflowHandle[Any, list[str]]:
        run_id = self.world.unique("versioned-run")
        return await self.world.client.start_workflow(
            Versioned.run, what, id=run_id, task_queue=self.task_queue, **options
        )

    async def started(self, what: str, build_id: str) -> WorkflowHandle[Any, list[str]]:
        """A workflow whose first task this version has done."""
        run = await self.start(what)
        while (await run.describe()).raw_description.workflow_execution_info.versioning_info.version == "":
            await asyncio.sleep(0.01)
        info = (await run.describe()).raw_description.workflow_execution_info.versioning_info
        assert info.deployment_version.build_id == build_id, info
        return run


async def finished(run: WorkflowHandle[Any, list[str]]) -> list[str]:
    await run.signal(Versioned.finish)
    return await run.result()


@asynccontextmanager
async def two_versions(
    world: World, behavior: VersioningBehavior
) -> AsyncIterator[Deployment]:
    """Workers of the versions 1 and 2; the first is current."""
    deployment = Deployment(world)
    async with AsyncExitStack() as workers:
        await workers.enter_async_context(deployment.worker("1", behavior))
        await workers.enter_async_context(deployment.worker("2", behavior))
        await deployment.set_current("1")
        yield deployment


async def test_pinned_workflows_stay_with_children_and_activities(world: World) -> None:
    async with two_versions(world, VersioningBehavior.PINNED) as deployment:
        waits = await deployment.started("wait", "1")
        child = await deployment.started("child", "1")
        works = await deployment.started("activity", "1")
        await deployment.set_current("2")
        assert await (await deployment.start("tell")).result() == ["2"]
        assert await finished(waits) == ["1"]
        assert await finished(child) == ["1", "1"]
        assert await finished(works) == ["1", "1"]


async def test_workflows_that_upgrade_go_to_the_current_version(world: World) -> None:
    async with two_versions(world, VersioningBehavior.AUTO_UPGRADE) as deployment:
        waits = await deployment.started("wait", "1")
        works = await deployment.started("activity", "1")
        await deployment.set_current("2")
        assert await finished(waits) == ["2"]
        assert await finished(works) == ["2", "2"]


async def test_a_pinned_workflow_may_leave_with_its_next_run(world: World) -> None:
    async with two_versions(world, VersioningBehavior.PINNED) as deployment:
        again = await deployment.started("again", "1")
        upgrade = await deployment.started("upgrade", "1")
        await deployment.set_current("2")
        assert await finished(again) == ["1"]
        assert await finished(upgrade) == ["2"]


async def test_a_ramp_takes_workflows_by_their_ids(world: World) -> None:
    async with two_versions(world, VersioningBehavior.PINNED) as deployment:
        await deployment.set_ramping("2", 50)
        runs = [await deployment.start("tell") for _ in range(40)]
        told = [(await run.result())[0] for run in runs]
        assert 5 < told.count("2") < 35, told
        await deployment.set_ramping("2", 100)
        assert await (await deployment.start("tell")).result() == ["2"]


async def test_an_override_counts_more(world: World) -> None:
    async with two_versions(world, VersioningBehavior.AUTO_UPGRADE) as deployment:
        pin = PinnedVersioningOverride(deployment.version("2"))
        assert await (await deployment.start("tell", versioning_override=pin)).result() == ["2"]
        free = AutoUpgradeVersioningOverride()
        assert await (await deployment.start("tell", versioning_override=free)).result() == ["1"]
        unknown = PinnedVersioningOverride(deployment.version("9"))
        error = await raises(RPCError, deployment.start("tell", versioning_override=unknown))
        assert error.status == RPCStatusCode.FAILED_PRECONDITION, error


async def test_deployments_survive_and_versions_drain(world: World) -> None:
    async with fragile(world) as own, two_versions(own, VersioningBehavior.PINNED) as deployment:
        waits = await deployment.started("wait", "1")
        await deployment.set_current("2")
        await own.server.crash()
        await own.server.recover()
        assert await drainage(deployment, "1") == VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINING
        assert await (await deployment.start("tell")).result() == ["2"]
        assert await finished(waits) == ["1"]
        assert await drainage(deployment, "1") == VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED


async def drainage(deployment: Deployment, build_id: str) -> VersionDrainageStatus.ValueType:
    summaries = (await deployment.describe()).worker_deployment_info.version_summaries
    of = {summary.deployment_version.build_id: summary.drainage_info.status for summary in summaries}
    return of[build_id]
