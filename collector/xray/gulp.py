"""Many datagrams with one call: `recvmmsg(2)`, without giving the interpreter away.

Python's own `recv` lets go of the interpreter's lock for each datagram, and beside one busy thread gets it back only after 5 ms:
200 datagrams a second, while the kernel throws away the rest (measured: a third of 4,000 a second). A call that never
blocks may keep the lock.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from typing import Final, NamedTuple

from .datagram import LARGEST

AT_ONCE: Final = 64
SO_RXQ_OVFL: Final = 40
"""Linux's option to say with each datagram how many were lost before it (socket(7))."""

_NOTES: Final = 32
_NOTE: Final = struct.Struct("@NiiI")
_DONTWAIT: Final = 0x40


class Gulp(NamedTuple):
    """What one call brought. `truncated` datagrams are left out; `lost` is the kernel's count of those thrown away, if it said so."""

    datagrams: list[bytes]
    truncated: int
    lost: int | None
    more: bool


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("notes", ctypes.c_void_p),
        ("notes_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("size", ctypes.c_uint))


class Gulper:
    """Reads a non-blocking UDP socket. AttributeError where the system has no `recvmmsg`, as on macOS."""

    def __init__(self, source: socket.socket) -> None:
        self._recvmmsg = ctypes.PyDLL(None, use_errno=True).recvmmsg
        self._file = source.fileno()
        self._bytes = bytearray(AT_ONCE * LARGEST)  # pages that no datagram fills are never taken
        self._notes = bytearray(AT_ONCE * _NOTES)
        self._view = memoryview(self._bytes)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._bytes))
        notes = ctypes.addressof(ctypes.c_char.from_buffer(self._notes))
        self._vectors = (_Vector * AT_ONCE)(*(_Vector(base + index * LARGEST, LARGEST) for index in range(AT_ONCE)))
        self._messages = (_Message * AT_ONCE)()
        for index, message in enumerate(self._messages):
            header = message.header
            header.vectors = ctypes.pointer(self._vectors[index])
            header.vector_count = 1
            header.notes, header.notes_size = notes + index * _NOTES, _NOTES

    def read(self) -> Gulp:
        """What is there, in the order it came; OSError for anything but that there is nothing."""
        count = self._recvmmsg(self._file, self._messages, AT_ONCE, _DONTWAIT, None)
        if count < 0:
            code = ctypes.get_errno()
            if code in (errno.EAGAIN, errno.EINTR):
                return Gulp([], 0, None, more=False)
            raise OSError(code, os.strerror(code))
        found, truncated, lost = [], 0, None
        for index in range(count):
            message = self._messages[index]
            header = message.header
            if header.notes_size:
                lost = self._lost(index, lost)
            header.notes_size = _NOTES
            if header.flags & socket.MSG_TRUNC:
                truncated += 1
            else:
                start = index * LARGEST
                found.append(bytes(self._view[start : start + message.size]))
        return Gulp(found, truncated, lost, more=count == AT_ONCE)

    def _lost(self, index: int, before: int | None) -> int | None:
        _, level, kind, count = _NOTE.unpack_from(self._notes, index * _NOTES)
        return int(count) if (level, kind) == (socket.SOL_SOCKET, SO_RXQ_OVFL) else before


class PlainGulper:
    """The same by Python's own calls, one datagram each, for systems without `recvmmsg`."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source

    def read(self) -> Gulp:
        """What is there, in the order it came."""
        found: list[bytes] = []
        while len(found) < AT_ONCE:
            try:
                found.append(self._source.recv(LARGEST))
            except BlockingIOError:
                return Gulp(found, 0, None, more=False)
        return Gulp(found, 0, None, more=True)
