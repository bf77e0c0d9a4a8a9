"""Compressed bodies, inflated as they arrive and never beyond their limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

import zstandard

from .errors import BadRequest, TooLarge

_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_PIECE: Final = 64 * 1024
"""Fed at once: what is behind the end of a member is copied for each member, which must not cost the body's square."""

_ZSTD_PIECE: Final = 512
"""Fed at once, because the output of one piece can't be bounded otherwise: no 4 bytes yield more than a block of 128 KiB."""

_WINDOW: Final = 8 * 2**20
"""The largest window a decoder is recommended to support, and all that is allocated for a sender (RFC 8878, section 3.1.1.1.2)."""

_FRAMING: Final = 64 * 1024
"""Bytes by which a body may be larger than what it inflates to."""

Hold = Callable[[int], None]
"""Called before that many bytes more are held; raises what refuses them."""


def hold_freely(_size: int) -> None:
    """Room for anything."""


class Pieces:
    """A body that comes piece by piece. Small pieces cost their bytes and no more: an object for each could be thirty times that."""

    def __init__(self) -> None:
        self._first = b""
        self._all: bytearray | None = None

    def add(self, piece: bytes) -> None:
        """The next one."""
        if self._all is not None:
            self._all += piece
        elif not self._first:
            self._first = piece
        elif piece:
            self._all = bytearray(self._first)
            self._all += piece

    def whole(self) -> bytes:
        """All of them: a body in one piece is that piece."""
        return self._first if self._all is None else bytes(self._all)


class _Inflated:
    """What was inflated so far, at most `limit` bytes of it, from about as many."""

    def __init__(self, limit: int, hold: Hold) -> None:
        self.left = limit
        self._packed = limit + _FRAMING
        self._limit = limit
        self._hold = hold
        self._pieces = Pieces()

    def read(self, packed: bytes) -> None:
        """Compressed bytes came, which may inflate to nothing for ever."""
        self._packed -= len(packed)
        if self._packed < 0:
            raise TooLarge(f"the body has more than {self._limit} bytes")

    def add(self, part: bytes) -> None:
        self.left -= len(part)
        if self.left < 0:
            raise TooLarge(f"the body inflates to more than {self._limit} bytes")
        self._hold(len(part))
        self._pieces.add(part)

    def whole(self) -> bytes:
        return self._pieces.whole()


class Gzip:
    """Inflates one body of one or several gzip members (RFC 1952); holds at most `limit` bytes, whatever is sent."""

    def __init__(self, limit: int, hold: Hold = hold_freely) -> None:
        self._out = _Inflated(limit, hold)
        self._member = zlib.decompressobj(_GZIP)
        self._inside = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge at the first byte beyond the limit, BadRequest where they are no gzip."""
        self._out.read(data)
        try:
            for at in range(0, len(data), _GZIP_PIECE):
                self._inflate(data[at : at + _GZIP_PIECE])
        except zlib.error as error:
            raise BadRequest(f"the body is no sound gzip: {error}") from error

    def _inflate(self, piece: bytes) -> None:
        while piece:
            self._out.add(self._member.decompress(piece, self._out.left + 1))
            piece = self._member.unused_data
            self._inside = not self._member.eof
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing. No bytes at all are an empty body."""
        if self._inside:
            raise BadRequest("the gzip body ends in the middle")
        return self._out.whole()


class Zstd:
    """Inflates one body of one or several zstd frames (RFC 8878) with windows of at most 8 MiB; holds at most `limit` bytes."""

    def __init__(self, limit: int, hold: Hold = hold_freely) -> None:
        self._out = _Inflated(limit, hold)
        self._decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._frame: Any = self._decoder.decompressobj()
        self._inside = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge where they inflate beyond the limit, BadRequest where they are no zstd."""
        self._out.read(data)
        try:
            for at in range(0, len(data), _ZSTD_PIECE):
                self._inflate(data[at : at + _ZSTD_PIECE])
        except zstandard.ZstdError as error:
            raise BadRequest(f"the body is no sound zstd: {error}") from error

    def _inflate(self, piece: bytes) -> None:
        while piece:
            self._out.add(self._frame.decompress(piece))
            piece = self._frame.unused_data
            self._inside = not self._frame.eof
            if self._frame.eof:
                self._frame = self._decoder.decompressobj()

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing. No bytes at all are an empty body."""
        if self._inside:
            raise BadRequest("the zstd body ends in the middle")
        return self._out.whole()
