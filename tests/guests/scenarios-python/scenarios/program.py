"""The steps of programs."""

import asyncio
import random
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from wrt_sdk import saga, signals, workflow
from wrt_sdk.cancellation import shielded
from wrt_sdk.common import SearchAttributeKey
from wrt_sdk.exceptions import ApplicationError

from . import calls
from .errors import Bug, Return, application_error, describe, is_caught
from .scopes import Frame, Scope, begin, settle
from .values import evaluate, holds

Step = dict[str, Any]

_ATTRIBUTES = {
    "Text": SearchAttributeKey.for_text,
    "Keyword": SearchAttributeKey.for_keyword,
    "Int": SearchAttributeKey.for_int,
    "Double": SearchAttributeKey.for_float,
    "Bool": SearchAttributeKey.for_bool,
    "Datetime": SearchAttributeKey.for_datetime,
    "KeywordList": SearchAttributeKey.for_keyword_list,
}


class Program:
    """A program and what it has begun."""

    def __init__(self, steps: list[Step], variables: dict[str, Any]) -> None:
        self.steps = steps
        self.main = Frame(dict(variables), Scope(is_main=True))
        self._children = calls.Children()
        self._scopes: dict[str, Scope] = {}

    async def run(self, steps: list[Step], frame: Frame) -> None:
        """Runs steps, one after the other."""
        for step in steps:
            outcome = await getattr(self, f"_{verb(step)}")(step, frame)
            if "into" in step:
                frame.shared[step["into"]] = outcome

    async def watch(self) -> None:
        """Hands a request to cancel the run on to what runs beside the main steps."""
        await workflow.wait_condition(lambda: workflow.cancellation_reason() is not None)
        self.main.scope.cancel_beside()

    def value(self, value: Any, frame: Frame) -> Any:
        return evaluate(value, frame.variables)

    # === Variables ===

    async def _set(self, step: Step, frame: Frame) -> None:
        for name, value in sorted(step["set"].items()):
            frame.shared[name] = self.value(value, frame)

    async def _append(self, step: Step, frame: Frame) -> None:
        for name, value in sorted(step["append"].items()):
            frame.shared[name] = [*(frame.shared.get(name) or []), self.value(value, frame)]

    async def _add(self, step: Step, frame: Frame) -> None:
        for name, value in sorted(step["add"].items()):
            frame.shared[name] = (frame.shared.get(name) or 0) + self.value(value, frame)

    # === Calls ===

    async def _activity(self, step: Step, frame: Frame) -> Any:
        return await calls.activity(step, frame)

    _local_activity = _activity

    async def _child(self, step: Step, frame: Frame) -> Any:
        return await self._children.execute(step, frame)

    async def _start_child(self, step: Step, frame: Frame) -> bool:
        await self._children.start(step, frame)
        return True

    async def _join_child(self, step: Step, frame: Frame) -> Any:
        return await self._children.join(step["join_child"], frame)

    async def _signal_child(self, step: Step, frame: Frame) -> None:
        frame.check_cancelled()
        await self._children.signal(step, frame)

    async def _cancel_child(self, step: Step, frame: Frame) -> None:
        self._children.cancel(step["cancel_child"])

    async def _signal_external(self, step: Step, frame: Frame) -> None:
        frame.check_cancelled()
        arguments = self.value(step.get("input") or [], frame)
        await calls.external(step["signal_external"], frame).signal(step["signal"], args=arguments)

    async def _cancel_external(self, step: Step, frame: Frame) -> None:
        frame.check_cancelled()
        await calls.external(step["cancel_external"], frame).cancel()

    async def _continue_as_new(self, step: Step, frame: Frame) -> None:
        calls.continue_as_new(step, self.steps, frame)

    # === Waiting ===

    async def _sleep(self, step: Step, frame: Frame) -> None:
        frame.check_cancelled()
        span = timedelta(milliseconds=self.value(step["sleep"], frame))
        await workflow.sleep(span, summary=step.get("summary"))

    async def _wait(self, step: Step, frame: Frame) -> bool:
        if holds(step["wait"], frame.variables):
            return True
        frame.check_cancelled()
        timeout = calls.milliseconds(step, "timeout_ms")
        try:
            await workflow.wait_condition(lambda: holds(step["wait"], frame.variables), timeout=timeout)
        except asyncio.TimeoutError:
            return False
        return True

    async def _until_handled(self, step: Step, frame: Frame) -> None:
        if not workflow.all_handlers_finished():
            frame.check_cancelled()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # === From outside ===

    async def _signal(self, step: Step, frame: Frame) -> Any:
        stream = signals.stream(step["signal"])
        if not len(stream):
            frame.check_cancelled()
        return first(await stream.receive())

    async def _on_signal(self, step: Step, frame: Frame) -> None:
        async def handle(*arguments: Any) -> None:
            await self.run_handler(step["do"], frame.seeing(signal=first(arguments)))

        workflow.set_signal_handler(step["on_signal"], handle)
        await settle()

    async def _on_query(self, step: Step, frame: Frame) -> None:
        def answer(*arguments: Any) -> Any:
            return self.value(step["answer"], frame.seeing(query=first(arguments)))

        workflow.set_query_handler(step["on_query"], answer)

    async def _on_update(self, step: Step, frame: Frame) -> None:
        async def handle(*arguments: Any) -> Any:
            seen = frame.seeing(update=first(arguments))
            await self.run_handler(step.get("do") or [], seen)
            return self.value(step.get("answer"), seen)

        def validate(*arguments: Any) -> None:
            seen = frame.seeing(update=first(arguments))
            if "refuse_unless" in step and not holds(step["refuse_unless"], seen.variables):
                raise ApplicationError("refused", type="Refused")

        workflow.set_update_handler(step["on_update"], handle, validator=validate)

    async def run_handler(self, steps: list[Step], frame: Frame) -> None:
        """Runs the steps of a handler, which is cancelled with the run."""
        scope = Scope(frame.scope, task=asyncio.current_task())
        frame.scope.beside.append(scope)
        try:
            await self.run_apart(steps, frame.within(scope))
        finally:
            frame.scope.beside.remove(scope)

    async def run_apart(self, steps: list[Step], frame: Frame) -> None:
        """Runs the steps of a handler or a branch; a `return` ends them alone."""
        try:
            await self.run(steps, frame)
        except Return:
            pass

    # === Together ===

    async def _all(self, step: Step, frame: Frame) -> None:
        await asyncio.gather(*[begin(self.run_apart(steps, frame)) for steps in step["all"]])

    async def _race(self, step: Step, frame: Frame) -> int:
        scopes = [Scope(frame.scope) for _ in step["race"]]
        tasks = [
            scope.begin(self.run_apart(steps, frame.within(scope)), eager=True)
            for scope, steps in zip(scopes, step["race"])
        ]
        try:
            done, _ = await workflow.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            for scope in scopes:
                scope.cancel()
            await settle()
            raise
        winner = tasks.index(done[0])
        for scope, task in zip(scopes, tasks):
            if not task.done():
                task.add_done_callback(drop)
                scope.cancel()
        await settle()
        await tasks[winner]
        return winner

    async def _spawn(self, step: Step, frame: Frame) -> None:
        scope = Scope(frame.scope)
        frame.scope.beside.append(scope)
        scope.begin(self.run_apart(step["spawn"], frame.within(scope))).add_done_callback(drop)
        if "as" in step:
            self._scopes[step["as"]] = scope

    async def _scope(self, step: Step, frame: Frame) -> None:
        scope = Scope(frame.scope)
        if "as" in step:
            self._scopes[step["as"]] = scope
        timeout, timer = step.get("timeout_ms"), None
        if timeout is not None:
            timer = asyncio.get_running_loop().call_later(timeout / 1000, scope.cancel)
        try:
            await scope.begin(self.run(step["scope"], frame.within(scope)), eager=True)
        finally:
            if timer is not None:
                timer.cancel()

    async def _cancel_scope(self, step: Step, frame: Frame) -> None:
        if (scope := self._scopes.get(step["cancel_scope"])) is not None:
            scope.cancel()
            await settle()

    async def _shielded(self, step: Step, frame: Frame) -> None:
        try:
            await shielded(begin(self.run(step["shielded"], frame.within(Scope()))))
        except asyncio.CancelledError:
            # It came from outside, and stays the state of the scope: the next wait ends with it.
            pass

    # === Errors ===

    async def _try(self, step: Step, frame: Frame) -> None:
        try:
            await self.run(step["try"], frame)
        except BaseException as error:
            if "catch" not in step or not is_caught(error):
                raise
            seen = frame.seeing(error=describe(error))
            seen.caught = error
            await self.run(step["catch"], seen)
        finally:
            await self.run(step.get("finally") or [], frame)

    async def _saga(self, step: Step, frame: Frame) -> None:
        undoing = saga.Saga(parallel=bool(step.get("parallel")), stop_on_error=not step.get("continue_on_error"))
        noting = frame.within(frame.scope)
        noting.compensate = lambda steps: undoing.add_compensation(self.run, steps, frame.within(Scope()))
        try:
            await self.run(step["saga"], noting)
        except BaseException as error:
            if is_caught(error):
                await undoing.compensate()
            raise

    async def _compensate(self, step: Step, frame: Frame) -> None:
        if frame.compensate is None:
            raise Bug("compensate stands in no saga")
        frame.compensate(step["compensate"])

    async def _fail(self, step: Step, frame: Frame) -> None:
        raise application_error(self.value(step["fail"], frame))

    async def _rethrow(self, step: Step, frame: Frame) -> None:
        raise frame.caught if frame.caught is not None else Bug("rethrow stands in no catch")

    async def _bug(self, step: Step, frame: Frame) -> None:
        raise Bug(step["bug"])

    async def _check(self, step: Step, frame: Frame) -> None:
        if not holds(step["check"], frame.variables):
            raise Bug(f"it does not hold: {step['check']}")

    async def _return(self, step: Step, frame: Frame) -> None:
        raise Return(self.value(step["return"], frame))

    # === Branching ===

    async def _if(self, step: Step, frame: Frame) -> None:
        await self.run(step["then"] if holds(step["if"], frame.variables) else step.get("else") or [], frame)

    async def _repeat(self, step: Step, frame: Frame) -> None:
        for i in range(self.value(step["repeat"], frame)):
            await self.run(step["do"], frame.seeing(i=i))

    async def _patched(self, step: Step, frame: Frame) -> None:
        await self.run(step["then"] if workflow.patched(step["patched"]) else step.get("else") or [], frame)

    async def _deprecate_patch(self, step: Step, frame: Frame) -> None:
        workflow.deprecate_patch(step["deprecate_patch"])

    # === The run ===

    async def _memo(self, step: Step, frame: Frame) -> None:
        workflow.upsert_memo(self.value(step["memo"], frame))

    async def _search_attributes(self, step: Step, frame: Frame) -> None:
        updates = []
        for name, given in sorted(step["search_attributes"].items()):
            key: Any = _ATTRIBUTES[given["type"]](name)
            value = self.value(given["value"], frame)
            if given["type"] == "Datetime" and value is not None:
                value = datetime.fromisoformat(value)
            updates.append(key.value_unset() if value is None else key.value_set(value))
        workflow.upsert_search_attributes(updates)

    async def _info(self, step: Step, frame: Frame) -> Any:
        info, field = workflow.info(), step["info"]
        match field.split(".", 1):
            case ["memo", name]:
                return workflow.memo_value(name, None)
            case ["parent_workflow_id"]:
                return info.parent.workflow_id if info.parent is not None else None
            case ["history_length"]:
                return info.get_current_history_length()
            case ["is_continue_as_new_suggested"]:
                return info.is_continue_as_new_suggested()
            case _:
                return getattr(info, field)

    async def _random(self, step: Step, frame: Frame) -> Any:
        return {"numbers": [random.random() for _ in range(3)], "uuid": str(uuid.uuid4())}

    async def _now(self, step: Step, frame: Frame) -> int:
        return int(time.time() * 1000)

    async def _log(self, step: Step, frame: Frame) -> None:
        workflow.logger.info("%s", self.value(step["log"], frame))

    async def _details(self, step: Step, frame: Frame) -> None:
        workflow.set_current_details(self.value(step["details"], frame))


#: What a step can be called by. Those that have another one beside them come first.
_VERBS = ("signal_child", "signal_external") + tuple(
    name.removeprefix("_") for name in vars(Program) if name.startswith("_") and not name.startswith("__")
)


def verb(step: Step) -> str:
    """What a step is called by. Its keys may come in any order."""
    for name in _VERBS:
        if name in step:
            return name
    raise Bug(f"unknown step: {step}")


def first(arguments: Any) -> Any:
    """The first of several arguments; a single one that is not in a tuple stands for itself."""
    if isinstance(arguments, tuple):
        return arguments[0] if arguments else None
    return arguments


def drop(task: "asyncio.Task[Any]") -> None:
    """Takes an error that nobody wants."""
    if not task.cancelled():
        task.exception()
