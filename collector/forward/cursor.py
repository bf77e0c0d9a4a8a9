"""How far a queue is done with, in a file that says whose the queue is.

It is written and not synced: after a power loss the last items are sent again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple

import xxhash

from .record import HEADER

NAME: Final = "cursor"

_PLACE: Final = struct.Struct("<QQ")
_CHECK: Final = struct.Struct("<Q")
_LOG: Final = logging.getLogger("fournines.collector")


class Position(NamedTuple):
    """A place in the queue: a segment's number, and an offset in it."""

    segment: int
    offset: int


BEGINNING: Final = Position(0, HEADER.size)


class Cursor:
    """The file, opened and held: two destinations with one queue would take each other's items. Opening raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def read(self) -> Position:
        """Where the last process was; the beginning where that can't be read."""
        data = os.pread(self._handle, _PLACE.size + _CHECK.size, 0)
        place = data[: _PLACE.size]
        sound = data[_PLACE.size :] == _CHECK.pack(xxhash.xxh3_64_intdigest(place))
        return Position(*_PLACE.unpack(place)) if sound else BEGINNING

    def write(self, done: Position) -> None:
        """Everything before that place is done. What can't be written is written again with the next request."""
        place = _PLACE.pack(*done)
        try:
            os.pwrite(self._handle, place + _CHECK.pack(xxhash.xxh3_64_intdigest(place)), 0)
        except OSError as error:
            _LOG.debug("%s is not written: %s", self._path, error)

    def close(self) -> None:
        """Lets the queue go."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
