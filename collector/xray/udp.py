"""The UDP side of the X-Ray port: datagrams off the kernel's queue, with every one lost there counted."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Final

from ..doors.address import cannot_listen
from .drop import DropReason
from .gulp import SO_RXQ_OVFL, Gulper, PlainGulper
from .instruments import Instruments

OPTION: Final = "--xray-port"
BUFFER: Final = 8 * 2**20
"""Bytes of receive buffer asked for; the kernel may grant less (`net.core.rmem_max`)."""

MOST_AT_ONCE: Final = 512
_SO_RCVBUFFORCE: Final = 33
_WRAP: Final = 2**32


class DatagramSocket:
    """A bound UDP socket, read in gulps. `wake` ends a wait from another thread. CollectorError where the address can't be had."""

    def __init__(self, host: str, port: int, instruments: Instruments) -> None:
        self._instruments = instruments
        self._socket = _bound(host, port)
        self.port = int(self._socket.getsockname()[1])
        """The port that is listened on."""
        self._gulper = _gulper(self._socket)
        self._lost = 0
        self._woken, self._waker = socket.socketpair()
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)

    def wait(self, seconds: float) -> None:
        """Returns when there is something to read, when woken, or when the time is over."""
        self._poll.poll(seconds * 1_000)

    def pause(self, seconds: float) -> None:
        """Lets datagrams gather in the kernel for a moment; returns early when woken."""
        select.select([self._woken], [], [], seconds)

    def wake(self) -> None:
        """Ends the waits, from now on."""
        self._waker.send(b"\0")

    def read(self) -> list[bytes]:
        """What is there, in the order it came, about `MOST_AT_ONCE` datagrams at most."""
        found: list[bytes] = []
        more = True
        while more and len(found) < MOST_AT_ONCE:
            gulp = self._gulper.read()
            found += gulp.datagrams
            more = gulp.more
            if gulp.truncated:
                self._instruments.dropped(DropReason.TRUNCATED, gulp.truncated)
            if gulp.lost is not None:
                # The kernel counts on 32 bits, from the socket's birth.
                self._instruments.dropped(DropReason.SOCKET_FULL, (gulp.lost - self._lost) % _WRAP)
                self._lost = gulp.lost
        return found

    def close(self) -> None:
        """Lets the port go."""
        self._socket.close()
        self._woken.close()
        self._waker.close()


def _gulper(source: socket.socket) -> Gulper | PlainGulper:
    try:
        return Gulper(source)
    except AttributeError:
        return PlainGulper(source)


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise cannot_listen(host, port, OPTION, error) from error
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise cannot_listen(host, port, OPTION, error) from error
    bound.settimeout(0)
    _widen(bound)
    with contextlib.suppress(OSError):  # a kernel that can't say what it lost
        bound.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
    return bound


def _widen(bound: socket.socket) -> None:
    try:
        bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER)
    except OSError:  # only for root
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
