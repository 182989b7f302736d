"""Randomness that belongs to the run: the same on every replay, whoever runs it.

Python's own `random` and `uuid` belong to the run in a component, too; these also do natively.
"""

from __future__ import annotations

import uuid
from random import Random

from ..runtime import current


def random() -> Random:
    """The run's own sequence. It is for variety and for names, not for secrets."""
    return current.run().random


def new_random() -> Random:
    """Another sequence, seeded by the run's own."""
    return current.run().new_random()


def random_seed() -> int:
    """What the run's own sequence was seeded with."""
    return current.run()._seed


def uuid4() -> uuid.UUID:
    """A random UUID."""
    return uuid.UUID(bytes=random().getrandbits(128).to_bytes(16, "big"), version=4)


def uuid7() -> uuid.UUID:
    """A UUID that begins with the time, so that later ones are greater."""
    millis = int(current.run().time.timestamp() * 1000)
    return uuid.UUID(int=millis << 80 | 7 << 76 | random().getrandbits(12) << 64 | 2 << 62 | random().getrandbits(62))
