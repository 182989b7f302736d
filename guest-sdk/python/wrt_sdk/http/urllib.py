"""Lets `urllib.request` work in a component."""

from __future__ import annotations

import io
import urllib.request
import urllib.response
from email.message import Message
from typing import Any

from .request import request


class WasiHandler(urllib.request.HTTPHandler):
    """Opens URLs over `wasi:http`."""

    def http_open(self, req: Any) -> Any:
        return _open(req)

    def https_open(self, req: Any) -> Any:
        return _open(req)

    https_request = urllib.request.HTTPHandler.http_request


def _open(asked: Any) -> Any:
    headers = {name.lower(): value for name, value in asked.header_items()}
    for name in ("host", "connection", "content-length", "transfer-encoding"):
        headers.pop(name, None)  # wasi:http sets them itself
    data = asked.data
    if data is not None and not isinstance(data, bytes):
        data = data.read() if hasattr(data, "read") else b"".join(data)
    timeout = asked.timeout if isinstance(asked.timeout, (int, float)) else None
    answer = request(asked.get_method(), asked.full_url, headers=headers, data=data, timeout=timeout)
    fields = Message()
    for name, value in answer.headers:
        fields[name] = value
    response = urllib.response.addinfourl(io.BytesIO(answer.content), fields, answer.url, answer.status)
    response.msg = ""  # type: ignore[attr-defined]
    return response


def install() -> None:
    """From now on `urllib.request.urlopen` uses it."""
    urllib.request.install_opener(urllib.request.build_opener(WasiHandler))
