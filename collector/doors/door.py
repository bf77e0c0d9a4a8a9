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
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ..columns import Signal
from ..receipt import Receipt
from ..room import Room
from .access import Access
from .address import BACKLOG, Address
from .connection import Connection
from .desk import Desk
from .exchange import Decided
from .handshakes import Handshakes
from .pace import PACE, Pace
from .receiving import Receiving
from .status import INTERNAL, MAX_BODY, Refusal, refusal
from .tls import Tls
from .unix_address import UnixAddress

Accept = Callable[[Signal, bytes, float], Future[Receipt]]
"""Keeps one request, given as the bytes of its protobuf message and the epoch second at which it came whole; the future raises BadRequest
or Unavailable."""

MOST_CONNECTIONS: Final = 4_096
"""Connections of one door; who comes on top is told to come again."""

logger = logging.getLogger("fournines.collector")


def _uncounted() -> None:
    """Where nobody counts faults."""


@dataclass(frozen=True)
class Terms:
    """On what terms requests are received.

    `clock` gives the epoch second at which a request came, and an answer goes; `limit` bounds a body's bytes, before and after inflating;
    `on_fault` counts faults of the collector's own, but for those that the future says: they are counted where they happened.
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
    on_fault: Callable[[], None] = _uncounted


class Door:
    """An address (port 0 takes a free one), and a unix socket besides where `path` is given; both are taken at once.

    Raises CollectorError when they can't be had. One that is never started is closed by `close`.
    """

    name = ""
    protocol = ""
    """As TLS names it (ALPN)."""

    def __init__(self, terms: Terms, host: str, port: int, *, option: str, path: Path | None = None) -> None:
        self.terms = terms
        self.desk: Desk[Connection[Any]] = Desk(
            self.name, terms.most_connections, terms.pace, terms.receiving, terms.on_fault
        )
        self._handshakes = self._tls_handshakes(terms.tls) if terms.tls else None
        self._address = Address(host, port, option)
        self.port = self._address.port
        """The port that is listened on."""
        self._unix = self._opened(path) if path is not None else None
        self._servers: list[asyncio.Server] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._decided: deque[tuple[Decided, Future[Receipt]]] = deque()
        self._delivering = False

    def _tls_handshakes(self, tls: Tls) -> Handshakes:
        return Handshakes(self.desk, self.connection, tls.context(self.protocol), self.terms.pace.handshake)

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
        self.desk.time = self._loop.time
        self.desk.look(self.terms.clock())
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
        for connection in tuple(self.desk.connections):
            connection.stop()
        with contextlib.suppress(TimeoutError):  # whose connections are ended then
            async with asyncio.timeout(grace):
                await self.desk.empty.wait()
        for connection in tuple(self.desk.connections):
            connection.abort()
        await asyncio.sleep(0)
        await self._end("connections")
        await asyncio.sleep(0)

    # What requests ask.

    def hand_on(self, signal: Signal, body: bytes, decided: Decided) -> None:
        """Has a request kept, and calls `decided` on the loop's thread once it is."""
        future = self.terms.accept(signal, body, self.terms.clock())
        future.add_done_callback(functools.partial(self._bring, decided))

    def refused(self, error: Exception) -> Refusal:
        """Why a request is refused before it is decoded, which is counted."""
        found = refusal(error)
        self.desk.refused(found.reason)
        if found.reason == INTERNAL:
            self.terms.on_fault()
        return found

    # Inside.

    def _bring(self, decided: Decided, future: Future[Receipt]) -> None:
        """Called on the writing thread, once a request. The loop is woken once for all that one commit answers."""
        self._decided.append((decided, future))
        if not self._delivering:
            self._delivering = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the connections
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        self.desk.now = self._loop.time()
        while self._decided:
            decided, future = self._decided.popleft()
            try:
                decided(future)
            except Exception:  # one connection's end must not keep their answers from the others
                self.terms.on_fault()
                logger.exception("an answer could not be given")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.terms.pace.look)
            self.desk.look(self.terms.clock())
            for connection in tuple(self.desk.connections):
                connection.overdue()
