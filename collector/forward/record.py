"""How a request lies in a queue's file, so that damage to one is no damage to the next.

    file    magic (8 bytes), seed (8)
    record  marker (8 bytes), size (4), check (8), then as many bytes as `size` says: signal (1), source (1), received (8), items (4), body

All numbers are little-endian. The check is XXH3 under the file's seed, which no sender knows: a record within a body is never taken for
one. After damage the next marker with a record that checks goes on.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

import xxhash

from ..columns import Signal, Source
from .forwarder import QueuedRequest

MAGIC: Final = b"4NINFWD1"
MARKER: Final = b"\xf4\x9cN4\x00\xff\xa5\x5a"
HEADER: Final = struct.Struct("<8sQ")

_FRAME: Final = struct.Struct("<8sIQ")
_FACTS: Final = struct.Struct("<BBdI")
_SOURCES: Final = tuple(Source)

OVERHEAD: Final = _FRAME.size + _FACTS.size
LARGEST: Final = 2**31

ReadAt = Callable[[int, int], bytes]
"""Reads so many bytes at an offset; fewer at the file's end."""


class Record(NamedTuple):
    """A request, and where it lies; `damaged` where something that is no record was passed over before it."""

    request: QueuedRequest
    end: int
    damaged: bool = False


def encode(request: QueuedRequest, seed: int) -> bytes:
    """One record."""
    facts = _FACTS.pack(request.signal, _SOURCES.index(request.source), request.received, min(request.items, 2**32 - 1))
    check = xxhash.xxh3_64(facts, seed)
    check.update(request.body)
    return b"".join((_FRAME.pack(MARKER, len(facts) + len(request.body), check.intdigest()), facts, request.body))


def next_record(read_at: ReadAt, start: int, size: int, seed: int) -> Record | None:
    """The first sound record that lies between `start` and `size`; None when there is none."""
    return _record(read_at, start, size, seed) or _search(read_at(start, size - start), start, size, seed)


def _search(data: bytes, start: int, size: int, seed: int) -> Record | None:
    def within(offset: int, length: int) -> bytes:
        return data[offset - start : offset - start + length]

    place = data.find(MARKER, 1)
    while place >= 0:
        found = _record(within, start + place, size, seed)
        if found is not None:
            return found._replace(damaged=True)
        place = data.find(MARKER, place + 1)
    return None


def _record(read_at: ReadAt, start: int, size: int, seed: int) -> Record | None:
    frame = read_at(start, _FRAME.size)
    if len(frame) < _FRAME.size:
        return None
    marker, length, check = _FRAME.unpack(frame)
    end = start + _FRAME.size + length
    if marker != MARKER or length < _FACTS.size or end > size:
        return None
    payload = read_at(start + _FRAME.size, length)
    if xxhash.xxh3_64_intdigest(payload, seed) != check:
        return None
    signal, source, received, items = _FACTS.unpack_from(payload)
    return Record(QueuedRequest(Signal(signal), _SOURCES[source], received, items, payload[_FACTS.size :]), end)
