"""A codec that encrypts, as a user would write it, and a codec server for tools that do not have its key."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

ENCODING = b"binary/encrypted"
NONCE_BYTES = 12


class Encryption(PayloadCodec):
    """Encrypts every payload whole, metadata included."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(bit_length=256))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encoded(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decoded(payload) for payload in payloads]

    def _encoded(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        data = nonce + self._cipher.encrypt(nonce, payload.SerializeToString(), None)
        return Payload(metadata={"encoding": ENCODING}, data=data)

    def _decoded(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        nonce, data = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        return Payload.FromString(self._cipher.decrypt(nonce, data, None))


def encrypting(codec: PayloadCodec) -> DataConverter:
    """What clients and workers need in order to encrypt, the texts of failures included."""
    return dataclasses.replace(
        DataConverter.default,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


class CodecServer:
    """Encodes and decodes for those who know its token, and remembers for which namespaces."""

    TOKEN = "Bearer a-token"

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.endpoint = f"http://127.0.0.1:{server.server_port}/codec"
        self.calls: list[tuple[str, str | None, str | None]] = []

    @classmethod
    @contextmanager
    def serve(cls, codec: PayloadCodec) -> Iterator[CodecServer]:
        """Serves on a free port, in a thread."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                namespace, flavor = self.headers.get("X-Namespace"), self.headers.get("X-Flavor")
                codec_server.calls.append((self.path, namespace, flavor))
                call = {"/codec/encode": codec.encode, "/codec/decode": codec.decode}.get(self.path)
                if self.headers.get("Authorization") != cls.TOKEN:
                    return self.send_error(401)
                if call is None:
                    return self.send_error(404)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                payloads = json_format.Parse(body, Payloads()).payloads
                answer = json_format.MessageToJson(Payloads(payloads=asyncio.run(call(payloads)))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            codec_server = cls(server)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield codec_server
            finally:
                server.shutdown()
                thread.join()
