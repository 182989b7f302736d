"""Values on their way through a component and back."""

from __future__ import annotations

from temporalio.common import RawValue
from temporalio.service import RPCStatusCode

from harness.check import refused
from harness.orders import Order, Receipt
from harness.world import World


async def test_texts_come_back_as_they_went(world: World) -> None:
    for name in ["Ada", "Åsa \u200d👩\u200d🚀", 'a "quoted"\n\tline\\', "", "x" * 100_000]:
        hello = await world.start_hello(name)
        assert await hello.result() == f"Hello, {name}!"


async def test_dataclasses_and_dictionaries_are_the_same(world: World) -> None:
    raw = {"user_id": "grace", "items": ["pen"], "amount": 2**53 + 1, "pause_ms": 0}
    order = await world.client.start_workflow("OrderWorkflow", raw, id=world.unique("order"), task_queue="orders")
    described = await order.describe()
    assert described.workflow_type == "OrderWorkflow"
    typed = await world.start_order(Order(user_id="grace", items=["pen"]))
    untyped = await world.client.get_workflow_handle(typed.id).result()
    assert Receipt(**untyped) == await typed.result()


async def test_payloads_are_left_as_they_are(world: World) -> None:
    hello = await world.start_hello()
    raw = await world.client.get_workflow_handle(hello.id, result_type=RawValue).result()
    assert raw.payload.metadata["encoding"] == b"json/plain"
    assert raw.payload.data == b'"Hello, Ada!"'


async def test_inputs_have_a_bound(world: World) -> None:
    await refused(RPCStatusCode.INVALID_ARGUMENT, world.start_hello("x" * (2 * 1024 * 1024)), "limit")
