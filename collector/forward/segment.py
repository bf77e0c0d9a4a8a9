"""One file of a queue: written at its end by one thread, read from its beginning by another, and deleted as a whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..ledger.lock import sync
from .forwarder import QueuedRequest
from .record import HEADER, MAGIC, Record, encode, next_record

SUFFIX: Final = ".segment"


class Segment:
    """`size` is the end of what may be read, `written` of what is written; `requests` and `items` say what is not done of it yet."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.number = int(path.stem)
        self.size = self.written = HEADER.size
        self.requests = 0
        self.items = 0
        self._seed = seed
        self._staged: list[QueuedRequest] = []
        self._writing: int | None = None
        self._reading: int | None = None

    @classmethod
    def create(cls, folder: Path, number: int) -> Segment:
        """A new file, made durable with its name. Raises OSError."""
        segment = cls(folder / f"{number:012d}{SUFFIX}", secrets.randbits(64))
        segment._writing = os.open(segment.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            segment._put(HEADER.pack(MAGIC, segment._seed), 0)
            sync(folder)
        except OSError:
            segment.remove()
            raise
        return segment

    @classmethod
    def open(cls, path: Path) -> Segment | None:
        """A file that an earlier process left; None where not even its head can be read. Raises OSError."""
        length = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        magic, seed = HEADER.unpack(head)
        if magic != MAGIC:
            return None
        segment = cls(path, seed)
        segment.size = length
        end = HEADER.size
        for record in segment.records(HEADER.size, length):
            end = record.end
            segment.requests += 1
            segment.items += record.request.items
        segment.size = segment.written = end
        segment.let_go()
        return segment

    @property
    def is_open(self) -> bool:
        """Whether it can be written."""
        return self._writing is not None

    def append(self, requests: list[QueuedRequest]) -> None:
        """Writes requests and syncs them; they count once they are published. Raises OSError."""
        self.written = self._put(b"".join(encode(request, self._seed) for request in requests), self.written)
        self._staged += requests

    def publish(self) -> None:
        """What was appended may be read."""
        self.size = self.written
        self.requests += len(self._staged)
        self.items += sum(request.items for request in self._staged)
        self._staged.clear()

    def withdraw(self) -> None:
        """Takes back what was appended and not published. Raises OSError."""
        self._staged.clear()
        self.written = self.size
        os.truncate(self.path, self.size)

    def done(self, request: QueuedRequest) -> None:
        """One of its requests is done."""
        self.requests -= 1
        self.items -= request.items

    def read(self, offset: int) -> Record | None:
        """The first sound record at or after `offset`; None when there is none. Raises OSError."""
        if self._reading is None:
            self._reading = os.open(self.path, os.O_RDONLY)
        return next_record(self._read_at, offset, self.size, self._seed)

    def records(self, start: int, end: int) -> Iterator[Record]:
        """The sound records that begin in between."""
        while start < end and (record := self.read(start)):
            yield record
            start = record.end

    def let_go(self) -> None:
        """It is not read for now."""
        if self._reading is not None:
            os.close(self._reading)
            self._reading = None

    def close(self) -> None:
        """Nothing more is written."""
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None

    def remove(self) -> None:
        """Deletes the file. Raises OSError."""
        self.close()
        self.let_go()
        self.path.unlink(missing_ok=True)

    def _read_at(self, offset: int, length: int) -> bytes:
        assert self._reading is not None, "opened before it is read"
        return os.pread(self._reading, length, offset)

    def _put(self, data: bytes, offset: int) -> int:
        """Writes all of it and syncs; returns where it ends."""
        assert self._writing is not None, "only the segment made last is written"
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._writing, rest, offset)
            offset += written
            rest = rest[written:]
        os.fdatasync(self._writing)
        return offset
