"""Failures of the contract as Python exceptions: a chain of links is a chain of `__cause__`."""

import traceback
from typing import Any

from wit_world.imports import failures
from wit_world.imports.failures import FailureLink

from . import payload

SOURCE = "polyglot-python"


class Refusal(Exception):
    """Something that was asked for does not exist. Its text says all, so it goes without a stack trace."""


class Failure(Exception):
    """A failure that the runtime told the workflow about. It fails the run when nothing catches it."""

    def __init__(self, link: FailureLink):
        super().__init__(link.message)
        self.link = link


class ApplicationFailure(Failure):
    """A failure that the workflow raises to fail its run, rather than only the workflow task."""

    def __init__(self, message: str, failure_type: str, *details: Any, non_retryable: bool = False):
        info = failures.ApplicationFailure(
            failure_type=failure_type,
            non_retryable=non_retryable,
            details=[payload.encode(detail) for detail in details],
            next_retry_delay=None,
        )
        super().__init__(FailureLink(message, SOURCE, "", failures.FailureInfo_Application(info)))


def from_links(links: list[FailureLink]) -> Failure:
    """The exception for a chain of links, outermost first."""
    outermost = current = Failure(links[0])
    for link in links[1:]:
        current.__cause__ = Failure(link)
        current = current.__cause__
    return outermost


def to_links(failure: Failure) -> list[FailureLink]:
    """The chain of links for an exception and its causes."""
    failure.link.stack_trace = failure.link.stack_trace or "".join(traceback.format_tb(failure.__traceback__))
    cause = failure.__cause__
    return [failure.link] + (to_links(cause) if isinstance(cause, Failure) else [])
