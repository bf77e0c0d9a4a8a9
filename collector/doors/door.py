"""What both doors have in common: an address, connections that are looked at, and answers that come from another thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ..columns import Signal
from ..receipt import Receipt
from ..room import Room
from .access import Access
from .address import BACKLOG, Address
from .connection import MOST_AT_ONCE, Connection
from .handshakes import Handshakes
from .pace import PACE, Pace
from .receiving import Receiving
from .status import MAX_BODY, Refusal, refusal
from .tls import Tls
from .unix_address import UnixAddress

Accept = Callable[[Signal, bytes, float], Future[Receipt]]
"""Keeps one request, given as the bytes of its protobuf message and the epoch second at which it came whole; the future raises BadRequest
or Unavailable."""

Decided = Callable[[Future[Receipt]], None]
"""Told, on the loop's thread, what became of a request."""

MOST_CONNECTIONS: Final = 4_096
"""Connections of one door; who comes on top is told to come again."""

logger = logging.getLogger("fournines.collector")


@dataclass(frozen=True)
class Terms:
    """On what terms requests are received.

    `clock` gives the epoch second at which a request came, and an answer goes; `limit` bounds a body's bytes, before and after inflating.
    """

    accept: Accept
    clock: Callable[[], float]
    room: Room = field(default_factory=Room)
    access: Access = field(default_factory=Access)
    tls: Tls | None = None
    limit: int = MAX_BODY
    pace: Pace = PACE
    receiving: Receiving = field(default_factory=lambda: Receiving(CollectorRegistry()))
    most_connections: int = MOST_CONNECTIONS


class Door:
    """An address (port 0 takes a free one), and a unix socket besides where `path` is given; both are taken at once.

    Raises CollectorError when they can't be had. One that is never started is closed by `close`.
    """

    name = ""
    protocol = ""
    """As TLS names it (ALPN)."""

    def __init__(self, terms: Terms, host: str, port: int, *, option: str, path: Path | None = None) -> None:
        self.terms = terms
        self.pace = terms.pace
        self.now = 0.0
        self.date = b""
        self.buffer = memoryview(bytearray(MOST_AT_ONCE))
        self._handshakes = (
            Handshakes(self, terms.tls.context(self.protocol), terms.pace.handshake) if terms.tls else None
        )
        self._address = Address(host, port, option)
        self.port = self._address.port
        """The port that is listened on."""
        self._unix = self._opened(path) if path is not None else None
        self._servers: list[asyncio.Server] = []
        self._connections: set[Connection[Any]] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._decided: deque[tuple[Decided, Future[Receipt]]] = deque()
        self._delivering = False
        self._open = terms.receiving.connections.labels(self.name)
        self._bytes = terms.receiving.bytes.labels(self.name)

    def _opened(self, path: Path) -> UnixAddress:
        try:
            return UnixAddress(path)
        except BaseException:
            self._address.close()
            raise

    def connection(self) -> Connection[Any]:
        """A connection that is about to be made."""
        raise AssertionError("each door makes its own")

    async def start(self) -> None:
        """Serves from when this returns; raises CollectorError as `Address.listen` does."""
        self._loop = asyncio.get_running_loop()
        self._look()
        listening = self._address.listen()
        if self._handshakes is None:
            await self._serve(listening)
        else:
            self._begin(self._handshakes.run(listening), "handshakes")
        if self._unix is not None:
            await self._serve(self._unix.socket)
        self._begin(self._keep_looking(), "connections")

    async def _serve(self, sock: socket.socket) -> None:
        self._servers.append(await self._loop.create_server(self.connection, sock=sock, backlog=BACKLOG))

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks[name] = asyncio.create_task(work, name=f"{self.name} {name}")

    async def _end(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def close(self) -> None:
        """Lets the addresses go: nobody new is let in."""
        for server in self._servers:
            server.close()
        self._address.close()
        if self._unix is not None:
            self._unix.close()

    async def stop(self, grace: float) -> None:
        """Takes nothing new, lets what is under way be answered for `grace` seconds, then ends."""
        await self._end("handshakes")
        self.close()
        for _ in range(3):  # who was let in a moment ago has its connection now
            await asyncio.sleep(0)
        for connection in tuple(self._connections):
            connection.stop()
        with contextlib.suppress(TimeoutError):  # whose connections are ended then
            async with asyncio.timeout(grace):
                await self._empty.wait()
        for connection in tuple(self._connections):
            connection.abort()
        await asyncio.sleep(0)
        await self._end("connections")
        await asyncio.sleep(0)

    # What connections ask.

    def opened(self, connection: Connection[Any]) -> str:
        """A connection came; why it can't stay, empty where it can."""
        self._connections.add(connection)
        self._empty.clear()
        if self._handshakes is not None:
            self._handshakes.done(connection)
        self._count()
        if self.places() < 0:
            return f"{self.terms.most_connections} connections are open; send it again"
        return ""

    def closed(self, connection: Connection[Any]) -> None:
        """A connection went."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
        self._count()

    def places(self) -> int:
        """How many connections more there may be; TLS handshakes under way count as connections."""
        return self.terms.most_connections - self._taken()

    def turned_away(self, reason: str) -> None:
        """Counts somebody who got no connection."""
        self.terms.receiving.refused.labels(self.name, reason).inc()
        self._count()

    def received(self, size: int) -> None:
        """Bytes came."""
        self._bytes.inc(size)
        self.now = self._loop.time()

    def hand_on(self, signal: Signal, body: bytes, decided: Decided) -> None:
        """Has a request kept, and calls `decided` on the loop's thread once it is."""
        future = self.terms.accept(signal, body, self.terms.clock())
        future.add_done_callback(functools.partial(self._bring, decided))

    def refused(self, error: Exception) -> Refusal:
        """Why a request is refused before it is decoded, which is counted."""
        found = refusal(error)
        self.terms.receiving.refused.labels(self.name, found.reason).inc()
        return found

    # Inside.

    def _taken(self) -> int:
        return len(self._connections) + (len(self._handshakes) if self._handshakes is not None else 0)

    def _count(self) -> None:
        self._open.set(self._taken())

    def _bring(self, decided: Decided, future: Future[Receipt]) -> None:
        """Called on the writing thread, once a request. The loop is woken once for all that one commit answers."""
        self._decided.append((decided, future))
        if not self._delivering:
            self._delivering = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the connections
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        self.now = self._loop.time()
        while self._decided:
            decided, future = self._decided.popleft()
            try:
                decided(future)
            except Exception:  # one connection's end must not keep their answers from the others
                logger.exception("an answer could not be given")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.pace.look)
            self._look()
            for connection in tuple(self._connections):
                connection.overdue()

    def _look(self) -> None:
        self.now = self._loop.time()
        self._count()
        self.date = formatdate(self.terms.clock(), usegmt=True).encode()
