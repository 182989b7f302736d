"""Files that were written for Temporal's SDK, unchanged."""

import sys
import unittest

from wrt_sdk import compat
from wrt_sdk.testing import WorkflowEnvironment


class CompatTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "temporalio"}
        self.addCleanup(sys.modules.update, before)
        compat.install()

    async def test_a_sample_runs(self) -> None:
        import sample
        from temporalio import workflow
        from temporalio.testing import WorkflowEnvironment as Aliased
        from temporalio.worker import Worker

        from wrt_sdk import workflow as own

        self.assertIs(workflow.execute_activity, own.execute_activity)
        self.assertIs(Aliased, WorkflowEnvironment)
        async with await WorkflowEnvironment.start_time_skipping() as env:
            async with Worker(
                env.client, task_queue="t", workflows=[sample.Greeting], activities=[sample.compose_greeting]
            ):
                result = await env.client.execute_workflow(sample.Greeting.run, "World", id="w", task_queue="t")
        self.assertEqual(result, "Hello, World!")

    async def test_clients_and_workers_say_that_they_are_not_there(self) -> None:
        import sample

        with self.assertRaisesRegex(RuntimeError, r"temporalio.envconfig.ClientConfig.* is not in a component"):
            await sample.main()

    def test_what_is_not_there_cannot_be_imported(self) -> None:
        with self.assertRaises(ImportError):
            from temporalio.workflow import nothing_of_this_name  # noqa: F401


if __name__ == "__main__":
    unittest.main()
