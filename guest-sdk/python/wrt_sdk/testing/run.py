"""One workflow of a test."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import converter
from ..converter.failure import (
    ApplicationInfo,
    CanceledInfo,
    ChildWorkflowInfo,
    Failure,
    TerminatedInfo,
    TimeoutInfo,
)
from ..converter.payload import Payload
from ..exceptions import RetryState, TimeoutType
from ..runtime.host import ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions
from ..runtime.jobs import (
    Activation,
    CancelRequested,
    ChildWorkflowResolved,
    ChildWorkflowStarted,
    ExternalResolved,
    Job,
    RelatedExecution,
    Signal,
    Start,
    StartInfo,
    TimerFired,
    Update,
)
from ..runtime.run import Run
from ..workflow.definition import Definition
from .attempt import OpenActivity
from .host import Command, TestHost

if TYPE_CHECKING:
    from .world import World

#: `Failure.source` of what the runtime raises.
SERVER = "Server"


@dataclass
class UpdateState:
    """What has become of an update."""

    accepted: bool = False
    outcome: list[Payload] | Failure | None = None


@dataclass
class Parent:
    """Whom to tell of the end."""

    run: TestRun
    seq: int
    policy: str


class TestRun:
    """One workflow of a test. It keeps its place when it continues as new."""

    __test__ = False

    def __init__(
        self,
        world: World,
        definition: Definition,
        info: StartInfo,
        input: list[Payload],
        parent: Parent | None,
        jobs: list[Job],
    ) -> None:
        self.world = world
        self.info = info
        self.id = info.workflow_id
        self.commands: list[Command] = []
        self.updates: dict[str, UpdateState] = {}
        #: `completed`, `failed`, `canceled`, `terminated` or `timed-out`; None while it is open.
        self.status: str | None = None
        self.result: list[Payload] | Failure | None = None
        self._parent = parent
        self._start = Start(info, input)
        self._host = TestHost(self)
        self._run = Run(definition, self._start, self._host)
        self._begun = False
        self._early = jobs
        self._timers: dict[int, Callable[[], None]] = {}
        self._activities: dict[int, OpenActivity] = {}
        self._children: dict[int, str] = {}
        self._open_children: dict[int, TestRun] = {}
        for span in (info.execution_timeout, info.run_timeout):
            if span is not None:
                world.plan(span, lambda: self.end_from_outside("timed-out"))

    # === What happens to it ===

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, and nothing follows."""
        return self.status is not None

    @property
    def instance(self) -> Any:
        """The object of the workflow's class."""
        return self._run.instance

    def begin(self) -> None:
        """Runs the first task, with everything that came before it."""
        if self.is_closed:
            return
        self._begun = True
        jobs, self._early = self._early, []
        self._activate([self._start, *jobs])

    def deliver(self, job: Job) -> None:
        """Tells the run what has happened."""
        if self.is_closed:
            if isinstance(job, Update):
                self._host.reject_update(job.update_id, _application("WorkflowClosed", "the workflow has ended"))
        elif self._begun:
            self._activate([job])
        else:
            self._early.append(job)

    def _activate(self, jobs: list[Job]) -> None:
        length, suggest = 3 + 3 * len(self.commands), self.world.suggest_continue_as_new_after
        suggested = suggest is not None and len(self.commands) >= suggest
        self._run.activate(Activation(self.world.now, jobs, length, length * 200, suggested))

    def query(self, name: str, input: list[Payload]) -> list[Payload]:
        """Answers a query. One that comes before the first task waits for it."""
        if not self._begun:
            self.world.settle()
        return self._run.handlers.query(name, input)

    def update(self, update: Update) -> UpdateState:
        """Delivers an update, at once."""
        state = self.updates[update.update_id] = UpdateState()
        self.deliver(update)
        return state

    def end_from_outside(self, status: str) -> None:
        """Terminates it, or lets it time out."""
        if not self.is_closed:
            self._run.closed = True
            self.close(status, None)

    # === Timers and activities ===

    def start_timer(self, seq: int, delay: timedelta) -> None:
        """Has the timer fire."""

        def fire() -> None:
            self._timers.pop(seq, None)
            self.deliver(TimerFired(seq))

        self._timers[seq] = self.world.plan(delay, fire)

    def cancel_timer(self, seq: int) -> None:
        """Has the timer not fire."""
        if (prevent := self._timers.pop(seq, None)) is not None:
            prevent()

    def schedule_activity(self, seq: int, name: str, input: list[Payload], options: ActivityOptions) -> None:
        """Begins the first attempt."""
        activity = self._activities[seq] = OpenActivity(self, seq, name, input, options)
        activity.schedule_attempt(timedelta())

    def cancel_activity(self, seq: int) -> None:
        """Asks the activity to stop."""
        if (activity := self._activities.get(seq)) is not None:
            activity.cancel()

    def activity_ended(self, seq: int, job: Job) -> None:
        """Tells the run how an activity has ended."""
        if self._activities.pop(seq, None) is not None:
            self.deliver(job)

    # === Children ===

    def start_child(self, seq: int, workflow_type: str, input: list[Payload], options: ChildWorkflowOptions) -> None:
        """Starts a child, or says why not."""
        workflow_id = self._children[seq] = options.workflow_id or f"{self.info.run_id}_{seq}"
        info = StartInfo(
            workflow_type=workflow_type,
            workflow_id=workflow_id,
            run_id=self.world.new_run_id(),
            namespace=self.info.namespace,
            task_queue=options.task_queue or self.info.task_queue,
            start_time=self.world.now,
            first_execution_run_id="",
            root=self.info.root,
            parent=RelatedExecution(self.info.namespace, self.id, self.info.run_id),
            execution_timeout=options.execution_timeout,
            run_timeout=options.run_timeout,
            retry_policy=options.retry_policy,
            cron_schedule=options.cron_schedule,
            memo=options.memo,
            search_attributes=options.search_attributes,
            priority=options.priority,
        )
        info.first_execution_run_id = info.run_id
        other = self.world.runs.get(workflow_id)
        if other is not None and _is_taken(other, options.id_reuse_policy):
            cause = _application("WorkflowExecutionAlreadyStarted", f"child workflow {workflow_id} is running already")
            failure = _child_failure(info, RetryState.NON_RETRYABLE_FAILURE, cause)
            self.world.soon(lambda: self.deliver(ChildWorkflowStarted(seq, failure)))
            return
        self.world.soon(lambda: self.deliver(ChildWorkflowStarted(seq, info.run_id)))
        if (mock := self.world.children.get(workflow_type)) is not None:
            self.world.soon(lambda: self._answer_for_child(seq, info, mock, input))
        else:
            parent = Parent(self, seq, options.parent_close_policy)
            self._open_children[seq] = self.world.start(info, input, parent)

    def _answer_for_child(self, seq: int, info: StartInfo, mock: Callable[..., Any], input: list[Payload]) -> None:
        data_converter = converter.default()
        try:
            outcome: Any = [data_converter.to_payload(mock(*data_converter.from_payloads(input)))]
        except Exception as error:
            state = RetryState.RETRY_POLICY_NOT_SET
            outcome = _child_failure(info, state, data_converter.to_failure(error))
        self.deliver(ChildWorkflowResolved(seq, outcome))

    def child_id(self, seq: int) -> str:
        """The id of a child."""
        return self._children[seq]

    def cancel_child(self, seq: int, reason: str) -> None:
        """Asks a child to cancel itself."""
        if (child := self._open_children.get(seq)) is not None:
            self.world.soon(lambda: self.world.runs[child.id].deliver(CancelRequested(reason)))

    # === Others ===

    def tell(self, seq: int, workflow_id: str, what: str, text: str, input: list[Payload]) -> None:
        """Signals another workflow, or asks it to cancel itself."""

        def arrive() -> None:
            other, failure = self.world.runs.get(workflow_id), None
            if other is not None and not other.is_closed:
                other.deliver(Signal(text, input) if what == "signal" else CancelRequested(text))
            elif workflow_id in self.world.reachable:
                self.world.told.append((workflow_id, what, text, input))
            else:
                message = f"cannot {what} workflow {workflow_id}: no run of it is open"
                failure = _application("ExternalWorkflowExecutionNotFound", message)
            self.world.soon(lambda: self.deliver(ExternalResolved(seq, failure)))

        self.world.soon(arrive)

    # === The end ===

    def close(self, status: str, result: list[Payload] | Failure | None) -> None:
        """Ends the run, and tells its parent and its children."""
        self.status, self.result = status, result
        for prevent in self._timers.values():
            prevent()
        if self._parent is not None:
            parent, outcome = self._parent, self._outcome()
            parent.run._open_children.pop(parent.seq, None)
            self.world.soon(lambda: parent.run.deliver(ChildWorkflowResolved(parent.seq, outcome)))
        for child in list(self._open_children.values()):
            current = self.world.runs[child.id]
            policy = current._parent.policy if current._parent is not None else "abandon"
            if policy == "terminate":
                current.end_from_outside("terminated")
            elif policy == "request-cancel":
                self.world.soon(partial(current.deliver, CancelRequested("the parent has ended")))

    def _outcome(self) -> list[Payload] | Failure:
        match self.status, self.result:
            case "completed", list() as output:
                return output
            case "failed", Failure() as failure:
                return _child_failure(self.info, RetryState.RETRY_POLICY_NOT_SET, failure)
            case "canceled", _:
                cause = Failure("canceled", CanceledInfo(), SERVER)
            case "timed-out", _:
                cause = Failure("workflow timeout", TimeoutInfo(TimeoutType.START_TO_CLOSE), SERVER)
            case _:
                cause = Failure("terminated", TerminatedInfo(), SERVER)
        return _child_failure(self.info, RetryState.NON_RETRYABLE_FAILURE, cause)

    def continue_as_new(self, input: list[Payload], options: ContinueAsNewOptions) -> None:
        """Goes on in a new run, which takes the place of this one."""
        given = {
            field.name: getattr(options, field.name)
            for field in dataclasses.fields(options)
            if getattr(options, field.name) is not None
        }
        info = replace(
            self.info,
            run_id=self.world.new_run_id(),
            continued_run_id=self.info.run_id,
            start_time=self.world.now,
            **given,
        )
        self.status = "continued-as-new"
        for prevent in self._timers.values():
            prevent()
        following = self.world.start(info, input, self._parent)
        following.updates = self.updates


def _is_taken(other: TestRun, policy: str) -> bool:
    if not other.is_closed or policy == "reject-duplicate":
        return True
    return policy == "allow-duplicate-failed-only" and other.status == "completed"


def _application(kind: str, message: str) -> Failure:
    return Failure(message, ApplicationInfo(kind, non_retryable=True), SERVER)


def _child_failure(info: StartInfo, state: RetryState, cause: Failure) -> Failure:
    child = ChildWorkflowInfo(info.workflow_type, info.workflow_id, info.run_id, state)
    return Failure("child workflow execution error", child, SERVER, cause=cause)
