"""The values of the order workflow, as a Python user would write them down."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Order:
    """The input of `OrderWorkflow`."""

    user_id: str = "ada"
    items: list[str] = field(default_factory=lambda: ["keyboard", "cable", "cable"])
    amount: int = 4_200
    pause_ms: int = 0
    payment_task_queue: str | None = None


@dataclass
class Receipt:
    """The result of `OrderWorkflow`."""

    order_id: str
    reserve_id: str
    freeze_id: str


@dataclass
class Status:
    """The answer to the query `status`."""

    step: str
    error: str | None


@dataclass
class Payment:
    """The input of the activity `FreezePayment`."""

    order_id: str
    user_id: str
    amount: int


@dataclass
class PaymentFrozen:
    """The result of the activity `FreezePayment`."""

    freeze_id: str
