"""Requests through `urllib`, outside of components."""

from __future__ import annotations

import urllib.error
import urllib.request

from .request import HTTPError, Response


def send(method: str, url: str, headers: dict[str, str], body: bytes, timeout: float | None) -> Response:
    asked = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            return _response(url, answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return _response(url, answer)
    except OSError as error:
        raise HTTPError(url, str(error)) from error


def _response(url: str, answer: object) -> Response:
    headers = [(name.lower(), value) for name, value in answer.headers.items()]  # type: ignore[attr-defined]
    return Response(url, answer.status, headers, answer.read())  # type: ignore[attr-defined]
