"""The X-Ray daemon's port: segments by UDP, sampling rules by TCP, so that services with X-Ray's SDKs need no change.

datagram -> document -> assembly (each request once) -> OTLP spans -> intake
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ..doors.address import Address
from ..doors.server import HttpServer
from ..errors import CollectorError
from .assembly import Assembly, Placed
from .batch import Batch
from .courier import Accept, Courier
from .datagram import read_datagram, weight_of
from .document import read_segment
from .drop import Dropped, Reason
from .sampling import DEFAULT_RULES, Sampling, SamplingRule, sampling_app
from .telemetry import XrayTelemetry
from .udp import DatagramSocket

PORT: Final = 2000
"""Where X-Ray's SDKs expect their daemon."""

OPTION: Final = "--xray-port"
BREATH: Final = 0.005
"""Seconds for which datagrams gather before the kernel is asked again."""

LINGER: Final = 0.05
MOST_SPANS: Final = 512
MOST_BYTES: Final = 2**20
"""A request goes on when it is that old, holds so many spans, or so many bytes of documents."""

MOST_BACKLOG: Final = 16 * 2**20
"""Bytes of datagrams that may wait to be read; what comes beyond is dropped, and counted."""

AT_ONCE: Final = 64
"""Datagrams translated before the kernel's queue is looked after again."""

TRIES: Final = 10
IDLE: Final = 0.5
PATIENCE: Final = 5.0
"""Seconds a stopping receiver waits for what it handed over."""

_LOG: Final = logging.getLogger("fournines.collector")


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
        option: str = OPTION,
    ) -> None:
        telemetry = XrayTelemetry(registry)
        app = sampling_app(Sampling(rules, clock, telemetry))
        self._socket, self._server = _both(app, host, port, telemetry, option)
        self.port = self._socket.port
        """The port that is listened on, by UDP and TCP."""
        self._reading = _Reading(self._socket, Courier(accept, stopwatch, telemetry), telemetry, clock, stopwatch)
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


def _both(
    app: ASGIApp, host: str, port: int, telemetry: XrayTelemetry, option: str
) -> tuple[DatagramSocket, HttpServer]:
    """One port for UDP and TCP; where any will do, one that is free for both."""
    for left in reversed(range(1 if port else TRIES)):
        datagrams = DatagramSocket(host, port, telemetry, option)
        try:
            return datagrams, HttpServer(app, Address(host, datagrams.port, option))
        except CollectorError:
            datagrams.close()
            if not left:
                raise
    raise AssertionError("returned or raised")


class _Reading:
    """The thread that reads datagrams and makes requests of them."""

    def __init__(
        self,
        socket: DatagramSocket,
        courier: Courier,
        telemetry: XrayTelemetry,
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
    ) -> None:
        self._socket = socket
        self._courier = courier
        self._telemetry = telemetry
        self._clock = clock
        self._stopwatch = stopwatch
        self._assembly = Assembly(telemetry)
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._batch = Batch()
        self._batch_bytes = 0
        self._batch_due = 0.0
        self._ending = False
        self._faulty = False

    def end(self) -> None:
        """Lets the thread end once it has read what is there."""
        self._ending = True
        self._socket.wake()

    def run(self) -> None:
        """Reads until told to end."""
        while not self._ending:
            try:
                self._turn()
            except Exception:  # noqa: BLE001 - whatever it is, the port is to be served on
                _LOG.exception("the X-Ray port could not be read")
                self._socket.pause(IDLE)
        self._finish()

    def _turn(self) -> None:
        """One look after everything: the kernel's queue first, since it alone can't wait."""
        if not self._gulp():
            self._socket.wait(self._idle())
        self._translate(AT_ONCE)
        if len(self._batch) and self._stopwatch() >= self._batch_due:
            self._send()
        self._courier.retry()
        if not self._backlog:
            self._add(self._assembly.expire(self._clock()))
            self._socket.pause(BREATH)

    def _idle(self) -> float:
        if self._backlog:
            return 0.0
        return min(IDLE, max(0.0, self._batch_due - self._stopwatch())) if len(self._batch) else IDLE

    def _gulp(self) -> int:
        found = self._socket.read()
        if found:
            self._telemetry.datagrams.inc(len(found))
        for datagram in found:
            if self._backlog_bytes + len(datagram) > MOST_BACKLOG:
                self._telemetry.dropped(Reason.SPILLOVER)
            else:
                self._backlog.append(datagram)
                self._backlog_bytes += len(datagram)
        return len(found)

    def _translate(self, most: int) -> None:
        received = self._clock()
        for _ in range(min(most, len(self._backlog))):
            datagram = self._backlog.popleft()
            self._backlog_bytes -= len(datagram)
            try:
                self._take(datagram, received)
            except Dropped as dropped:
                self._telemetry.dropped(dropped.reason)
            except Exception:  # noqa: BLE001 - one document must not take those beside it down
                self._failed()

    def _take(self, datagram: bytes, received: float) -> None:
        found = read_datagram(datagram)
        if isinstance(found, bytes):
            self._telemetry.otlp.inc()
            self._courier.bring(found, 1, received, Reason.OTLP)
            return
        self._batch_bytes += len(datagram)
        self._add(self._assembly.take(read_segment(found), received, weight_of(datagram)))

    def _add(self, placed: Iterable[Placed]) -> None:
        for one in placed:
            if not len(self._batch):
                self._batch_due = self._stopwatch() + LINGER
            self._batch.add(one)
            if len(self._batch) >= MOST_SPANS or self._batch_bytes >= MOST_BYTES:
                self._send()

    def _send(self) -> None:
        batch, self._batch, self._batch_bytes = self._batch, Batch(), 0
        if len(batch):
            self._courier.bring(batch.body(), len(batch), self._clock(), Reason.REFUSED)

    def _failed(self) -> None:
        """Logged once: a flood of such documents is not to become a flood of lines."""
        self._telemetry.dropped(Reason.FAULT)
        if not self._faulty:
            self._faulty = True
            _LOG.exception("a document from an X-Ray sender can't be read because of a fault of the collector")

    def _finish(self) -> None:
        while self._gulp() or self._backlog:
            self._translate(len(self._backlog))
        self._add(self._assembly.drain(self._clock()))
        self._send()
        self._courier.finish(PATIENCE)
