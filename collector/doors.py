"""The two doors for OTLP: HTTP and gRPC, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from .columns import Signal
from .grpc import GrpcReceiver
from .http import otlp_app
from .listener import HttpServer
from .recent import Receipt

GRACE_SECONDS: Final = 5
"""How long requests under way are still answered once the doors close."""


class Doors:
    """Both receivers on `host`; port 0 takes a free one. Raises CollectorError for an address that can't be had.

    `accept` takes one request's bytes in; its future holds the receipt once they are counted.
    """

    def __init__(
        self, accept: Callable[[Signal, bytes], Future[Receipt]], host: str, http_port: int, grpc_port: int
    ) -> None:
        async def accept_async(kind: Signal, body: bytes) -> Receipt:
            return await asyncio.wrap_future(accept(kind, body))

        self._http = HttpServer(otlp_app(accept_async), host, http_port, option="--otlp-http-port", grace=GRACE_SECONDS)
        self._grpc = GrpcReceiver(accept, host, grpc_port)

    @property
    def http_port(self) -> int:
        """The port OTLP/HTTP is received on."""
        return self._http.port

    @property
    def grpc_port(self) -> int:
        """The port OTLP/gRPC is received on."""
        return self._grpc.port

    async def start(self) -> None:
        """Receives from when this returns."""
        self._grpc.start()
        await self._http.start()

    async def stop(self) -> None:
        """Takes nothing new, answers what is under way, then returns."""
        await asyncio.gather(self._http.stop(), asyncio.to_thread(self._grpc.stop, GRACE_SECONDS))
