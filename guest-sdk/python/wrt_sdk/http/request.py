"""Requests and answers."""

from __future__ import annotations

import json as _json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


class HTTPError(OSError):
    """Why there is no answer, or not the expected one. As the error of an activity it can be tried again."""

    def __init__(self, url: str, cause: str, status: int | None = None) -> None:
        super().__init__(f"{url}: {cause}")
        self.url = url
        #: The status code, when there was an answer.
        self.status = status


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    url: str
    #: The status code, for instance 200.
    status: int
    #: Names, in lower case, and values, in the order in which they came.
    headers: list[tuple[str, str]]
    content: bytes

    @property
    def is_success(self) -> bool:
        """True for statuses from 200 to 299."""
        return 200 <= self.status < 300

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first value of a header."""
        return next((value for other, value in self.headers if other == name.lower()), default)

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body, read as JSON."""
        return _json.loads(self.content)

    def raise_for_status(self) -> Response:
        """The answer itself when its status is from 200 to 299. Raises `HTTPError` otherwise."""
        if not self.is_success:
            raise HTTPError(self.url, f"status {self.status}: {self.text}", self.status)
        return self


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    data: bytes | str | None = None,
    json: Any = None,
    timeout: float | timedelta | None = None,
) -> Response:
    """Makes a request and waits for the whole answer, whatever its status.

    The timeout, in seconds when it is a number, bounds the wait for the connection, for the first byte and between two
    bytes, each. Raises `HTTPError` when there is no answer.
    """
    from ..workflow import in_workflow

    if in_workflow():
        raise RuntimeError("a workflow cannot reach the network: make the request in an activity")
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    body = data.encode() if isinstance(data, str) else data
    if json is not None:
        if body is not None:
            raise ValueError("a request has one body: give data or json")
        body = _json.dumps(json).encode()
        sent.setdefault("content-type", "application/json")
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    response: Response = _transport()(method.upper(), url, sent, body or b"", seconds)
    return response


def _transport() -> Any:
    try:
        import wit_world  # noqa: F401
    except ImportError:
        from .native import send
    else:
        from .component import send
    return send
