"""What both doors have in common: an address, connections that are looked at, and answers that come from another thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry

from ..columns import Signal
from ..errors import (
    BadRequest,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from ..receipt import Receipt
from .access import Access
from .connection import MOST_AT_ONCE, Connection
from .handshakes import Handshakes
from .listener import BACKLOG, Address, listen_unix
from .pace import PACE, Pace
from .receiving import Receiving
from .room import Room
from .status import MAX_BODY
from .tls import Tls

Accept = Callable[[Signal, bytes], Future[Receipt]]
"""Keeps one request, given as the bytes of its protobuf message; the future raises BadRequest or Unavailable."""

MOST_CONNECTIONS: Final = 4_096
"""Connections of one door; who comes on top is told to come again."""

T = TypeVar("T")

logger = logging.getLogger("fournines.collector")


def _no_clock() -> float:
    return 0.0


@dataclass(frozen=True)
class Terms:
    """On what terms requests are received: `limit` bounds a body's bytes, before and after inflating; `clock` dates the answers."""

    accept: Accept
    room: Room = field(default_factory=Room)
    access: Access = field(default_factory=Access)
    tls: Tls | None = None
    limit: int = MAX_BODY
    pace: Pace = PACE
    clock: Callable[[], float] = _no_clock
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
        self._path = path
        self._unix = self._listen_unix(path) if path is not None else None
        self._servers: list[asyncio.Server] = []
        self._connections: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._answers: deque[tuple[Callable[[Future[Receipt]], None], Future[Receipt]]] = deque()
        self._delivering = False
        self._aside = ThreadPoolExecutor(1, f"{self.name}-json")
        self._open = terms.receiving.connections.labels(self.name)
        self._bytes = terms.receiving.bytes.labels(self.name)

    def _listen_unix(self, path: Path) -> socket.socket:
        try:
            return listen_unix(path)
        except BaseException:
            self._address.close()
            raise

    def connection(self) -> Connection:
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
            await self._serve(self._unix)
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
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None  # from now on it may be somebody else's

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
        self._aside.shutdown(wait=False, cancel_futures=True)

    # What connections ask.

    def opened(self, connection: Connection) -> str:
        """A connection came; why it can't stay, empty where it can."""
        self._connections.add(connection)
        self._empty.clear()
        if self._handshakes is not None:
            self._handshakes.done(connection)
        self._count()
        if self.places() < 0:
            return f"{self.terms.most_connections} connections are open; send it again"
        return ""

    def closed(self, connection: Connection) -> None:
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

    def hand_on(self, signal: Signal, body: bytes, answer: Callable[[Future[Receipt]], None]) -> None:
        """Has a request kept, and calls `answer` on the loop's thread once that is decided."""
        self.terms.accept(signal, body).add_done_callback(functools.partial(self._answered, answer))

    def aside(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Work that takes long, in a thread."""
        return self._loop.run_in_executor(self._aside, work, *args)

    def count_refused(self, error: Exception) -> None:
        """Counts a request that is refused before it is decoded."""
        self.terms.receiving.refused.labels(self.name, _reason(error)).inc()

    # Inside.

    def _taken(self) -> int:
        return len(self._connections) + (len(self._handshakes) if self._handshakes is not None else 0)

    def _count(self) -> None:
        self._open.set(self._taken())

    def _answered(self, answer: Callable[[Future[Receipt]], None], future: Future[Receipt]) -> None:
        """Called on the writing thread, once a request. The loop is woken once for all that one commit answers."""
        self._answers.append((answer, future))
        if not self._delivering:
            self._delivering = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the connections
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        self.now = self._loop.time()
        while self._answers:
            answer, future = self._answers.popleft()
            try:
                answer(future)
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


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return "internal"


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TooLarge, "too_large"),
    (BadRequest, "unreadable"),
    (Unauthenticated, "unauthenticated"),
    (Unavailable, "unavailable"),
)
