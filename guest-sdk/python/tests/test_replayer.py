"""Replays of histories that a server has written."""

import json
import unittest
from pathlib import Path

from replayed import Everything, Small

from wrt_sdk import workflow
from wrt_sdk.worker import Replayer, WorkflowHistory
from wrt_sdk.workflow import NondeterminismError

HISTORIES = Path(__file__).parent / "histories"


def history(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, (HISTORIES / f"{name}.json").read_text())


class ReplayTest(unittest.IsolatedAsyncioTestCase):
    async def test_the_code_does_what_the_histories_say(self) -> None:
        for path in sorted(HISTORIES.glob("*.json")):
            with self.subTest(path.stem):
                await Replayer(workflows=[Everything, Small]).replay_workflow(history(path.stem))

    async def test_code_that_changed_is_found_with_the_event(self) -> None:
        @workflow.defn(name="Everything")
        class Changed:
            @workflow.run
            async def run(self, last: str) -> None:
                await workflow.sleep(1)

        result = await Replayer(workflows=[Changed]).replay_workflow(history("complete"), raise_on_replay_failure=False)
        self.assertIsInstance(result.replay_failure, NondeterminismError)
        self.assertRegex(
            str(result.replay_failure), "the history has event 5 ACTIVITY_TASK_SCHEDULED, .* TIMER_STARTED"
        )

    async def test_an_input_that_changed_is_shown(self) -> None:
        read = json.loads((HISTORIES / "complete.json").read_text())
        for event in read["events"]:
            if event["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED":
                event["workflowExecutionCompletedEventAttributes"]["result"]["payloads"][0]["data"] = "MQ=="
        with self.assertRaisesRegex(NondeterminismError, r'the result is \["1"\] in the history'):
            await Replayer(workflows=[Everything]).replay_workflow(WorkflowHistory.from_json("x", read))

    async def test_what_is_no_history_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "workflow show -o json"):
            WorkflowHistory.from_json("x", "[]")


if __name__ == "__main__":
    unittest.main()
