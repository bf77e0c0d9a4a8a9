"""A queue on disk between the ledger and a destination, bounded in bytes; when it is full the oldest gives way.

Appended and synced before the ledger's commit, and visible to the forwarder after it: what was acknowledged is queued. A crash in between
leaves requests that their sender will send again: at least once. Full or broken, a queue loses items, says how many and why, and never
keeps the ledger from counting.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .cursor import Cursor, Position
from .forwarder import QueuedRequest
from .record import HEADER, LARGEST, OVERHEAD, Record
from .segment import SUFFIX, Segment
from .under_way import QueueEntry, UnderWay

MOST_BYTES: Final = 256 * 2**20
SEGMENT_BYTES: Final = 8 * 2**20

FULL: Final = "queue_full"
TOO_LARGE: Final = "too_large"
DISK: Final = "disk"
CORRUPT: Final = "corrupt"

Loss = Callable[[str, int, int], None]
"""Told of what is lost: why, how many requests, and how many items as far as they are known."""

_LOG: Final = logging.getLogger("fournines.collector")


class Queue:
    """The queue in a folder of its own, which one process uses. One thread appends, publishes and withdraws; any takes and finishes.

    Opening raises OSError where the folder can't be used, or is in use.
    """

    def __init__(
        self, folder: Path, loss: Loss, most_bytes: int = MOST_BYTES, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.folder = folder
        self._loss = loss
        self._most_bytes = most_bytes
        self._segment_bytes = min(segment_bytes, most_bytes // 4)
        self._lock = threading.Lock()
        self._staged: list[Segment] = []
        self._under_way = UnderWay()
        self._writable = True
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._cursor = Cursor(folder)
        self._segments = self._open_segments()
        self._next = self._done = self._cursor.read()
        self._count_done()
        self._last = max([self._done.segment, *(segment.number for segment in self._segments)])
        self._forget_done()

    # Writing.

    def append(self, requests: list[QueuedRequest]) -> None:
        """Writes and syncs requests, to be published or withdrawn; what finds no room is lost, and told."""
        part: list[QueuedRequest] = []
        size = 0
        for request in requests:
            weight = OVERHEAD + len(request.body)
            if weight > min(self._most_bytes // 2, LARGEST):
                self._loss(TOO_LARGE, 1, request.items)
                continue
            part.append(request)
            size += weight
            if size >= self._segment_bytes:
                self._write(part, size)
                part, size = [], 0
        if part:
            self._write(part, size)

    def publish(self) -> None:
        """What was appended may be taken now."""
        with self._lock:
            for segment in self._staged:
                segment.publish()
            self._staged.clear()

    def withdraw(self) -> None:
        """What was appended never was."""
        with self._lock:
            for segment in self._staged:
                try:
                    segment.withdraw()
                except OSError as error:
                    # It comes back after a restart: sent twice rather than not at all.
                    _LOG.warning("requests withdrawn from %s stay in its file: %s", segment.path, error)
                    segment.close()
            self._staged.clear()

    def _write(self, part: list[QueuedRequest], size: int) -> None:
        try:
            segment = self._room(size)
            segment.append(part)
        except OSError as error:
            self._fail(part, error)
        else:
            if segment not in self._staged:
                self._staged.append(segment)
            self._recover()

    def _fail(self, part: list[QueuedRequest], error: OSError) -> None:
        """Loses what can't be written, and goes on in a new file: what lies behind the end of the old one is nobody's."""
        if self._writable:
            _LOG.error("requests can't be queued in %s and are lost to its destination: %s", self.folder, error)
        self._writable = False
        with self._lock:
            if self._segments:
                self._segments[-1].close()
        self._loss(DISK, len(part), sum(request.items for request in part))

    def _recover(self) -> None:
        if not self._writable:
            self._writable = True
            _LOG.warning("requests can be queued in %s again", self.folder)

    def _room(self, size: int) -> Segment:
        """The segment to write to; old ones give way for it."""
        with self._lock:
            active = self._segments[-1] if self._segments else None
            if active is None or not active.is_open or active.written >= self._segment_bytes:
                if active is not None:
                    active.close()
                active = Segment.create(self.folder, self._last + 1)
                self._last += 1
                self._segments.append(active)
            while self._bytes() + size > self._most_bytes and self._segments[0] not in (active, *self._staged):
                self._give_way()
            return active

    def _give_way(self) -> None:
        oldest = self._segments.pop(0)
        waiting = oldest.requests - len(sent := self._under_way.of(oldest.number))
        if waiting:
            self._loss(FULL, waiting, oldest.items - sum(entry.request.items for entry in sent))
        behind = Position(oldest.number + 1, HEADER.size)
        self._next, self._done = max(self._next, behind), max(self._done, behind)
        oldest.remove()

    # Reading.

    def take(self) -> QueueEntry | None:
        """The next request that is there, in the order appended; None when there is none. Each is taken once until the next start."""
        with self._lock:
            while segment := self._reading():
                start = max(self._next.offset, HEADER.size)
                if start < segment.size:
                    if record := self._record(segment, start):
                        return self._taken(segment, start, record)
                elif segment is self._segments[-1] or segment.written > segment.size:
                    return None  # more may be published in it
                else:
                    self._go_on(segment)
            return None

    def finish(self, entry: QueueEntry) -> None:
        """A request is done with, sent or given up."""
        with self._lock:
            for segment in self._segments:
                if segment.number == entry.start.segment:
                    segment.done(entry.request)
            self._done = max(self._done, self._under_way.finish(entry) or self._done)
            if not self._under_way:
                self._done = max(self._done, self._next)
            self._forget_done()
            self._cursor.write(self._done)

    @property
    def requests(self) -> int:
        """Requests that wait or are under way."""
        with self._lock:
            return sum(segment.requests for segment in self._segments)

    @property
    def bytes(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return self._bytes()

    def oldest(self) -> float | None:
        """When the oldest request that is not done was received."""
        with self._lock:
            for segment in self._segments:
                if segment.requests:
                    at = self._done.offset if segment.number == self._done.segment else HEADER.size
                    try:
                        record = segment.read(max(at, HEADER.size))
                    except OSError:
                        return None
                    return record.request.received if record else None
        return None

    def close(self) -> None:
        """Lets the files go; what is not done stays in them."""
        with self._lock:
            for segment in self._segments:
                segment.close()
                segment.let_go()
            self._cursor.close()

    def _reading(self) -> Segment | None:
        """The segment to read next; None when all are read."""
        for segment in self._segments:
            if segment.number >= self._next.segment:
                if segment.number > self._next.segment:
                    self._next = Position(segment.number, HEADER.size)
                return segment
        return None

    def _record(self, segment: Segment, start: int) -> Record | None:
        """What comes next in a segment; where nothing that can be read does, the rest of it is lost."""
        try:
            record = segment.read(start)
        except OSError as error:
            _LOG.error("%s can't be read, and is given up: %s", segment.path, error)
            record = None
        if record is None:
            self._lose(segment, start)
        return record

    def _taken(self, segment: Segment, start: int, record: Record) -> QueueEntry:
        if record.damaged:
            self._loss(CORRUPT, 1, 0)
        self._next = Position(segment.number, record.end)
        entry = QueueEntry(record.request, Position(segment.number, start), self._next)
        self._under_way.add(entry)
        return entry

    def _go_on(self, segment: Segment) -> None:
        segment.let_go()
        self._next = Position(segment.number + 1, HEADER.size)
        if not self._under_way:
            self._done = self._next
            self._forget_done()

    def _lose(self, segment: Segment, start: int) -> None:
        """The rest of a segment can't be read."""
        sent = self._under_way.of(segment.number)
        self._loss(
            CORRUPT, max(1, segment.requests - len(sent)), max(0, segment.items - sum(e.request.items for e in sent))
        )
        segment.requests, segment.items = len(sent), sum(entry.request.items for entry in sent)
        self._next = Position(segment.number, max(start, segment.size))

    def _forget_done(self) -> None:
        """Deletes segments that are done with, but for the one that is written."""
        while self._segments and self._segments[0].number < self._done.segment:
            self._segments.pop(0).remove()

    def _bytes(self) -> int:
        return sum(segment.written for segment in self._segments)

    # Opening.

    def _open_segments(self) -> list[Segment]:
        segments = []
        for path in sorted(self.folder.glob("*" + SUFFIX)):
            segment = Segment.open(path)
            if segment is None:
                _LOG.error("%s is damaged from its first bytes on, and deleted", path)
                self._loss(CORRUPT, 1, 0)
                path.unlink()
            else:
                segments.append(segment)
        return segments

    def _count_done(self) -> None:
        """Of the segment that the cursor stands in, what lies before it is done."""
        for segment in self._segments:
            if segment.number == self._done.segment:
                for record in segment.records(HEADER.size, min(self._done.offset, segment.size)):
                    segment.done(record.request)
                segment.let_go()
