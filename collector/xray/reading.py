"""The loop from the port to the intake: datagram -> document -> assembly (each request once) -> OTLP spans -> courier."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from .assembly import Placed, SegmentAssembly
from .courier import Courier
from .datagram import read_datagram, weight_of
from .document import read_segment
from .drop import Dropped, DropReason
from .instruments import Instruments
from .request_builder import RequestBuilder
from .udp import DatagramSocket

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

IDLE: Final = 0.5
PATIENCE: Final = 5.0
"""Seconds a stopping receiver waits for what it handed over."""

_LOG: Final = logging.getLogger("fournines.collector")


class XrayReader:
    """Reads datagrams, in a thread of its own, and makes requests of them. `clock` and `stopwatch` are as in `XrayReceiver`."""

    def __init__(
        self,
        socket: DatagramSocket,
        courier: Courier,
        instruments: Instruments,
        clock: Callable[[], float],
        stopwatch: Callable[[], float],
    ) -> None:
        self._socket = socket
        self._courier = courier
        self._instruments = instruments
        self._clock = clock
        self._stopwatch = stopwatch
        self._assembly = SegmentAssembly(instruments)
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._batch = RequestBuilder()
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
            self._instruments.datagrams.inc(len(found))
        for datagram in found:
            if self._backlog_bytes + len(datagram) > MOST_BACKLOG:
                self._instruments.dropped(DropReason.SPILLOVER)
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
                self._instruments.dropped(dropped.reason)
            except Exception:  # noqa: BLE001 - one document must not take those beside it down
                self._failed()

    def _take(self, datagram: bytes, received: float) -> None:
        found = read_datagram(datagram)
        if isinstance(found, bytes):
            self._instruments.otlp.inc()
            self._courier.bring(found, 1, received, DropReason.OTLP)
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
        batch, self._batch, self._batch_bytes = self._batch, RequestBuilder(), 0
        if len(batch):
            self._courier.bring(batch.body(), len(batch), self._clock(), DropReason.REFUSED)

    def _failed(self) -> None:
        """Logged once: a flood of such documents is not to become a flood of lines."""
        self._instruments.dropped(DropReason.FAULT)
        if not self._faulty:
            self._faulty = True
            _LOG.exception("a document from an X-Ray sender can't be read because of a fault of the collector")

    def _finish(self) -> None:
        while self._gulp() or self._backlog:
            self._translate(len(self._backlog))
        self._add(self._assembly.drain(self._clock()))
        self._send()
        self._courier.finish(PATIENCE)
