"""One run: takes in the jobs of each activation and ends the run when its coroutine ends."""

import asyncio
from typing import Any

from wit_world.exports.guest import (
    Activation,
    Job,
    Job_CancelRequested,
    Job_Start,
    Job_Update,
    Start,
    Update,
    WorkflowQuery,
)
from wit_world.imports import execution, update
from wit_world.imports.types import Payload

from . import definition, failure, payload
from .context import Context
from .loop import WorkflowLoop


def reject(request: Update) -> None:
    """Turns an update away: workflows of this kind take none."""
    unknown = failure.ApplicationFailure(f"unknown update {request.name!r}", "UnknownUpdate", non_retryable=True)
    update.reject(request.update_id, failure.to_links(unknown))


class Run:
    """The state of the run that this instance serves."""

    def __init__(self, start: Start) -> None:
        workflow_type = definition.DEFINITIONS.get(start.info.workflow_type)
        if workflow_type is None:
            known = ", ".join(definition.DEFINITIONS)
            raise failure.Refusal(f"unknown workflow type {start.info.workflow_type!r}: this component has {known}")
        self._loop = WorkflowLoop()
        self._context = Context(start, self._loop)
        self._workflow = workflow_type()
        arguments = [payload.decode(argument) for argument in start.input]
        self._task = self._loop.create_task(self._workflow.run(self._context, *arguments))
        self._proceed()

    def activate(self, jobs: list[Job]) -> None:
        """Takes in what happened, one job after the other, so that it makes no difference which ones came together."""
        for job in jobs:
            if isinstance(job, Job_Update):
                reject(job.value)
                continue
            if self._task.done():
                continue
            if isinstance(job, Job_CancelRequested):
                self._task.cancel(job.value)
            else:
                self._context.resolve(job)
            self._proceed()

    def query(self, query: WorkflowQuery) -> list[Payload]:
        """Answers a query. Raises `Refusal` for one that the workflow does not have."""
        handlers = definition.queries(type(self._workflow))
        if query.name not in handlers:
            raise failure.Refusal(f"unknown query {query.name!r}: the workflow answers {', '.join(handlers)}")
        arguments = [payload.decode(argument) for argument in query.input]
        return [payload.encode(handlers[query.name](self._workflow, *arguments))]

    def _proceed(self) -> None:
        self._loop.run_until_idle()
        if self._task.done():
            end(self._task)


def end(task: asyncio.Task[Any]) -> None:
    """Ends the run as its coroutine ended. Any error but a `Failure` is a bug: it is raised, and so fails only the
    workflow task, which succeeds once a repaired component is deployed."""
    if task.cancelled():
        execution.cancel([])
        return
    match task.exception():
        case None:
            execution.complete([payload.encode(task.result())])
        case failure.Failure() as raised:
            execution.fail(failure.to_links(raised))
        case bug:
            raise bug


run: Run | None = None


def activate(activation: Activation) -> None:
    """Starts the run with the first job of the first activation, or goes on with it."""
    global run
    jobs = activation.jobs
    if run is None:
        match jobs:
            case [Job_Start(start), *rest]:
                run, jobs = Run(start), rest
            case _:
                raise RuntimeError("the first job of a run has to be its start")
    run.activate(jobs)


def query(question: WorkflowQuery) -> list[Payload]:
    """Answers a query about the run."""
    if run is None:
        raise RuntimeError(f"query {question.name!r} came before the run has started")
    return run.query(question)
