"""The metrics page on a port of its own: a small server in a few threads, for scrapers and nothing else.

Of several workers one has the port; the others try again each second, so when it goes another takes its place.
Every connection is one request, has ten seconds in all, and there are at most eight: nothing a client does costs the
service more than that.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, NamedTuple

from .. import names
from ..clock import steady
from ..daemon import Daemon
from ..health import Health

CONNECTIONS: Final = 8
DEADLINE: Final = 10.0
RETRY: Final = 1.0
LONGEST_HEAD: Final = 16_384
METHODS: Final = frozenset({"GET", "HEAD"})
PAGES: Final = frozenset({"/metrics", "/"})

Header = tuple[bytes, bytes]

_log = logging.getLogger("fournines.instrumentation")


class Answer(NamedTuple):
    """What a scrape is answered with."""

    status: int
    headers: list[Header]
    body: bytes


class _Asked(NamedTuple):
    method: str
    path: str
    headers: list[Header]


class _Unclear(Exception):
    pass


class PageServer:
    """Serves `answer(headers)` at `/metrics`. Starting and stopping are safe from any thread; none of it raises."""

    _listener: socket.socket | None

    def __init__(self, address: tuple[str, int], answer: Callable[[Iterable[Header]], Answer], health: Health) -> None:
        self._address, self._answer, self._health = address, answer, health
        self._daemon = Daemon("fournines-page", self._run, health)
        self._begin()

    def start(self) -> None:
        """Opens the port, now or as soon as it is free."""
        with self._lock:
            self._daemon.start()

    def stop(self) -> None:
        """Closes the port, and waits a moment for its thread."""
        thread = self.part()
        if thread is not None and thread is not threading.current_thread():
            thread.join(RETRY)

    def part(self) -> threading.Thread | None:
        """Closes the port and waits for nothing; the thread that is about to end."""
        with self._lock:
            thread = self._daemon.part()
            listener, self._listener = self._listener, None
        if listener is not None:
            _close(listener)
        return thread

    def forget(self) -> None:
        """As if never started: a forked child closes its copy of the port, which is its parent's."""
        listener = self._listener
        self._daemon.forget()
        self._begin()
        if listener is not None:
            listener.close()

    def _begin(self) -> None:
        self._lock = threading.RLock()  # the collector of garbage may call `part` in the middle of anything
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._listener = None

    def _run(self, ended: threading.Event) -> None:
        complained = False
        while not ended.is_set():
            try:
                listener = _listening(self._address)
            except OSError as e:
                if not complained:
                    complained = True
                    _log.info("port %d of the metrics page is taken (%s); tried again", self._address[1], e)
                ended.wait(RETRY)
                continue
            with self._lock:
                if ended.is_set():
                    listener.close()
                    return
                self._listener = listener
            self._accept(listener, ended)

    def _accept(self, listener: socket.socket, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                if not ended.is_set():  # no descriptors left, say: not a reason to spin
                    self._health.add(names.PROM_ERRORS, "page")
                    ended.wait(RETRY)
                continue
            if not self._places.acquire(blocking=False):
                self._health.add(names.PROM_SCRAPES_REFUSED, "busy")
                _close(connection)
                continue
            self._hand_over(connection)

    def _hand_over(self, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._serve, args=(connection,), name="fournines-scrape", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._places.release()
            self._health.add(names.PROM_SCRAPES_REFUSED, "busy")
            _close(connection)

    def _serve(self, connection: socket.socket) -> None:
        until = steady() + DEADLINE
        try:
            self._respond(connection, until)
        except (OSError, _Unclear):  # gone, too slow, or no HTTP
            self._health.add(names.PROM_SCRAPES_REFUSED, "connection")
        except Exception:  # noqa: BLE001 - the outer guard: the thread ends quietly
            self._health.add(names.PROM_ERRORS, "page")
        finally:
            self._places.release()
            _close(connection)

    def _respond(self, connection: socket.socket, until: float) -> None:
        asked = _asked(_head(connection, until))
        if asked.path not in PAGES:
            status, headers, body = 404, [(b"content-length", b"0")], b""
        elif asked.method not in METHODS:
            status, headers, body = 405, [(b"content-length", b"0"), (b"allow", b"GET, HEAD")], b""
        else:
            said = self._answer(asked.headers)
            status, headers, body = said.status, said.headers, said.body
        lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode("ascii"))]
        lines += [name + b": " + value for name, value in (*headers, (b"connection", b"close"))]
        message = b"\r\n".join([*lines, b"", b"" if asked.method == "HEAD" else body])
        connection.settimeout(max(0.001, until - steady()))
        connection.sendall(message)


def _listening(address: tuple[str, int]) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def _head(connection: socket.socket, until: float) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        left = until - steady()
        if left <= 0 or len(data) > LONGEST_HEAD:
            raise _Unclear
        connection.settimeout(left)
        more = connection.recv(LONGEST_HEAD)
        if not more:
            raise _Unclear
        data += more
    return data.partition(b"\r\n\r\n")[0]


def _asked(head: bytes) -> _Asked:
    first, *rest = head.split(b"\r\n")
    parts = first.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _Unclear
    pairs = (line.partition(b":") for line in rest)
    headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    return _Asked(parts[0], parts[1].partition("?")[0], headers)


def _close(one: socket.socket) -> None:
    # Shut down first: it wakes a thread that waits on it, and ends a connection that a forked child has a copy of.
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
