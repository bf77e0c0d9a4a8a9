"""The two doors for OTLP: HTTP and gRPC, opened and closed together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from .door import Terms
from .grpc.door import GrpcDoor
from .http.door import HttpDoor

GRACE_SECONDS: Final = 5
"""How long requests under way are still answered once the doors close."""


class Doors:
    """Both receivers on `host`; port 0 takes a free one, `path` is a unix socket for OTLP/HTTP besides. Addresses are taken at once.

    Raises CollectorError for an address that can't be had, and for TLS files that can't be used.
    """

    def __init__(self, terms: Terms, host: str, http_port: int, grpc_port: int, path: Path | None = None) -> None:
        self._http = HttpDoor(terms, host, http_port, option="--otlp-http-port", path=path)
        try:
            self._grpc = GrpcDoor(terms, host, grpc_port, option="--otlp-grpc-port")
        except BaseException:
            self._http.close()
            raise

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
        await self._grpc.start()
        await self._http.start()

    def close(self) -> None:
        """Lets the addresses go, of doors that were never started too."""
        self._http.close()
        self._grpc.close()

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Takes nothing new, lets what is under way be answered for `grace` seconds, then ends."""
        await asyncio.gather(self._http.stop(grace), self._grpc.stop(grace))
