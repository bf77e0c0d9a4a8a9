"""The X-Ray daemon's port: segments by UDP, sampling rules by TCP, so that services with X-Ray's SDKs need no change."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ..doors.address import Address
from ..doors.server import HttpServer
from ..errors import CollectorError
from ..intake import Accept
from .courier import Courier
from .instruments import Instruments
from .reading import XrayReader
from .sampling import DEFAULT_RULES, SamplingRule, SamplingService, sampling_app
from .udp import OPTION, DatagramSocket

PORT: Final = 2000
"""Where X-Ray's SDKs expect their daemon."""

TRIES: Final = 10
"""Ports that are tried at most until one is free for both."""


class XrayReceiver:
    """Serves X-Ray's port. Both addresses are taken at once; CollectorError where one can't be had.

    `clock` gives epoch seconds, `stopwatch` seconds that never go back. Port 0 takes one that is free for UDP and TCP.
    """

    def __init__(
        self,
        accept: Accept,
        host: str,
        port: int,
        *,
        registry: CollectorRegistry,
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
        rules: Sequence[SamplingRule] = DEFAULT_RULES,
    ) -> None:
        instruments = Instruments(registry)
        app = sampling_app(SamplingService(rules, clock, instruments))
        self._socket, self._server = _both(app, host, port, instruments)
        self.port = self._socket.port
        """The port that is listened on, by UDP and TCP."""
        self._reading = XrayReader(self._socket, Courier(accept, stopwatch, instruments), instruments, clock, stopwatch)
        self._thread = threading.Thread(target=self._reading.run, name="fournines-xray", daemon=True)

    async def start(self) -> None:
        """Receives from when this returns."""
        self._thread.start()
        await self._server.start()

    async def stop(self) -> None:
        """Reads what has arrived, brings it to the intake, and lets the port go; returns when it is counted."""
        await self._server.stop()
        if self._thread.ident is not None:
            self._reading.end()
            await asyncio.to_thread(self._thread.join)
        self.close()

    def close(self) -> None:
        """Lets the port go, of a receiver that was never started too."""
        self._server.close()
        self._socket.close()


def _both(app: ASGIApp, host: str, port: int, instruments: Instruments) -> tuple[DatagramSocket, HttpServer]:
    """One port for UDP and TCP; where any will do, one that is free for both."""
    for left in reversed(range(1 if port else TRIES)):
        datagrams = DatagramSocket(host, port, instruments)
        try:
            return datagrams, HttpServer(app, Address(host, datagrams.port, OPTION))
        except CollectorError:
            datagrams.close()
            if not left:
                raise
    raise AssertionError("returned or raised")
