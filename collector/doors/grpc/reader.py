"""What reads the frames of one connection of HTTP/2: from bytes that are cut anywhere to frames, and to pieces of data as they come.

Data is not gathered here: a frame of it may be large, and takes room in memory only once it is there. Source: RFC 9113, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from .frames import HEADER, PREFACE, Code, ConnectionFault, Flag, FrameHead, FrameType

MOST_FRAME: Final = 2**20
"""Bytes of a frame of data; others are gathered before they are understood, and have no more than `MOST_GATHERED`."""

MOST_GATHERED: Final = 64 * 1024


class FrameBegun(NamedTuple):
    """A frame begins."""

    head: FrameHead


class DataPiece(NamedTuple):
    """A piece of DATA's content."""

    stream: int
    piece: bytes


class Padding(NamedTuple):
    """Bytes of DATA that are no content: they count against windows."""

    stream: int
    size: int


class DataEnded(NamedTuple):
    """All of a frame of DATA has come."""

    head: FrameHead


class WholeFrame(NamedTuple):
    """Any other frame."""

    head: FrameHead
    payload: bytes


FrameEvent = FrameBegun | DataPiece | Padding | DataEnded | WholeFrame


class FrameReader:
    """See the module."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._awaited = len(PREFACE)
        self._head: FrameHead | None = None
        self._padding = 0
        self.greeted = False
        """Whether the preface was there."""

    def read(self, data: bytes) -> Iterator[FrameEvent]:
        """What the next bytes say, one after the other; raises ConnectionFault where they are no HTTP/2. Who stops reads no more."""
        at, size = 0, len(data)
        while at < size:
            head = self._head
            if head is not None and head.kind == FrameType.DATA and not head.flags & Flag.PADDED:
                piece = data[at : at + self._awaited]
                at += len(piece)
                yield from self._take_data(head, piece)
                continue
            missing = self._awaited - len(self._buffer)
            self._buffer += data[at : at + missing]
            at += min(missing, size - at)
            if len(self._buffer) == self._awaited:
                yield from self._advance()

    def _advance(self) -> Iterator[FrameEvent]:
        """What was awaited is there: the preface, a frame's head, its payload, or how much of it is padding."""
        whole, self._buffer = bytes(self._buffer), bytearray()
        head = self._head
        if not self.greeted:
            self._greet(whole)
        elif head is None:
            yield from self._begin(FrameHead.read(whole))
        elif head.kind == FrameType.DATA:
            yield from self._pad(head, whole[0])
        else:
            yield self._end(head, whole)

    def _greet(self, preface: bytes) -> None:
        if preface != PREFACE:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "this is no HTTP/2; OTLP/HTTP has a port of its own")
        self.greeted = True
        self._awaited = HEADER.size

    def _begin(self, head: FrameHead) -> Iterator[FrameEvent]:
        is_data = head.kind == FrameType.DATA
        if head.size > (MOST_FRAME if is_data else MOST_GATHERED):
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame larger than was agreed on")
        yield FrameBegun(head)
        padded = is_data and head.flags & Flag.PADDED
        if padded and not head.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a padded frame without its length of padding")
        self._head, self._awaited, self._padding = head, 1 if padded else head.size, 0
        if not head.size:
            yield self._end(head, b"")

    def _pad(self, head: FrameHead, padding: int) -> Iterator[FrameEvent]:
        """A padded frame of data has said how much of it is padding."""
        if padding >= head.size:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "more padding than frame")
        yield Padding(head.stream, 1)
        head = head._replace(flags=head.flags & ~Flag.PADDED)
        self._head, self._padding, self._awaited = head, padding, head.size - 1
        if not self._awaited:
            yield self._end(head, b"")

    def _take_data(self, head: FrameHead, piece: bytes) -> Iterator[FrameEvent]:
        """Hands a piece of a frame on as it comes, and passes over the padding behind."""
        self._awaited -= len(piece)
        content = len(piece) - max(0, self._padding - self._awaited)
        if content < len(piece):
            self._padding = self._awaited
            yield Padding(head.stream, len(piece) - content)
        if content:
            yield DataPiece(head.stream, piece[:content])
        if not self._awaited:
            yield self._end(head, b"")

    def _end(self, head: FrameHead, payload: bytes) -> FrameEvent:
        self._head, self._awaited = None, HEADER.size
        return DataEnded(head) if head.kind == FrameType.DATA else WholeFrame(head, payload)
