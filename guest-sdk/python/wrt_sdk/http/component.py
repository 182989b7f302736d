"""Requests through `wasi:http`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from componentize_py_types import Err
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as wit

from .request import HTTPError, Response

#: What one write of `wasi:io` takes.
_CHUNK_BYTES = 4096

#: The most that is asked for at once when a body is read.
_READ_BYTES = 64 * 1024


def send(method: str, url: str, headers: dict[str, str], body: bytes, timeout: float | None) -> Response:
    try:
        with outgoing_handler.handle(*_outgoing(method, url, headers, body, timeout)) as pending:
            return _answer(url, pending)
    except Err as refused:
        error = HTTPError(url, _cause(refused.value))
    raise error


def _outgoing(method: str, url: str, headers: dict[str, str], body: bytes, timeout: float | None) -> Any:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise HTTPError(url, "a URL begins with http:// or https:// and has a host")
    fields = wit.Fields.from_list([(name, value.encode()) for name, value in headers.items()])
    request = wit.OutgoingRequest(fields)
    request.set_method(_method(method))
    request.set_scheme(wit.Scheme_Https() if parts.scheme == "https" else wit.Scheme_Http())
    request.set_authority(parts.netloc.rpartition("@")[2])
    request.set_path_with_query((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    if body:
        _write(request, body)
    options = None
    if timeout is not None:
        options, nanos = wit.RequestOptions(), int(timeout * 1_000_000_000)
        options.set_connect_timeout(nanos)
        options.set_first_byte_timeout(nanos)
        options.set_between_bytes_timeout(nanos)
    return request, options


def _method(method: str) -> Any:
    known = getattr(wit, f"Method_{method.capitalize()}", None)
    return known() if known is not None and method != "OTHER" else wit.Method_Other(method)


def _write(request: Any, body: bytes) -> None:
    outgoing = request.body()
    with outgoing.write() as stream:
        for start in range(0, len(body), _CHUNK_BYTES):
            stream.blocking_write_and_flush(body[start : start + _CHUNK_BYTES])
    wit.OutgoingBody.finish(outgoing, None)


def _answer(url: str, pending: Any) -> Response:
    with pending.subscribe() as ready:
        ready.block()
    outcome = pending.get().value
    if isinstance(outcome, Err):
        raise HTTPError(url, _cause(outcome.value))
    with outcome.value as response, response.headers() as fields:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in fields.entries()]
        with response.consume() as body, body.stream() as stream:
            return Response(url, response.status(), headers, _read(url, stream))


def _read(url: str, stream: Any) -> bytes:
    content = bytearray()
    while True:
        try:
            content += stream.blocking_read(_READ_BYTES)
        except Err as ended:
            if isinstance(ended.value, streams.StreamError_Closed):
                return bytes(content)
            problem = _cause(ended.value)
        else:
            continue
        raise HTTPError(url, f"read the answer: {problem}")


def _cause(code: Any) -> str:
    """`ErrorCode_ConnectionRefused()` is `connection refused`."""
    name = type(code).__name__.rpartition("_")[2]
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    value = getattr(code, "value", None)
    return f"{words}: {value}" if value is not None else words
