"""Compressed bodies, inflated as they arrive and never beyond their limit."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Final

import zstandard
from zlib_ng import zlib_ng

from ..errors import BadRequest, TooLarge
from .plain_body import Hold, Plain, hold_freely

_GZIP: Final = 16 + zlib_ng.MAX_WBITS
_GZIP_PIECE: Final = 64 * 1024
"""Fed at once: what is behind the end of a member is copied for each member, which must not cost the body's square."""

_ZSTD_PIECE: Final = 512
"""Fed at once, because the output of one piece can't be bounded otherwise: no 4 bytes yield more than a block of 128 KiB."""

_WINDOW: Final = 8 * 2**20
"""The largest window a decoder is recommended to support, and all that is allocated for a sender (RFC 8878, section 3.1.1.1.2)."""

_FRAMING: Final = 64 * 1024
"""Bytes by which a body may be larger than what it inflates to."""


class _Members:
    """Inflates one body of one or several members, one behind the other."""

    _name: ClassVar[str]
    _at_once: ClassVar[int]
    _unsound: ClassVar[type[Exception]]

    def __init__(self, limit: int, hold: Hold = hold_freely) -> None:
        self._out = Plain(limit, hold, "inflates to")
        self._packed = limit + _FRAMING
        self._limit = limit
        self._member = self._begin()
        self._inside = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge where they inflate beyond the limit, BadRequest where they can't be."""
        self._packed -= len(data)
        if self._packed < 0:  # what inflates to nothing could come for ever
            raise TooLarge(f"the body has more than {self._limit} bytes")
        try:
            for at in range(0, len(data), self._at_once):
                self._inflate(data[at : at + self._at_once])
        except self._unsound as error:
            raise BadRequest(f"the body is no sound {self._name}: {error}") from error

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing. No bytes at all are an empty body."""
        if self._inside:
            raise BadRequest(f"the {self._name} body ends in the middle")
        return self._out.finish()

    def _inflate(self, piece: bytes) -> None:
        while piece:
            self._out.feed(self._decompress(piece))
            piece = self._member.unused_data
            self._inside = not self._member.eof
            if self._member.eof:
                self._member = self._begin()

    @abstractmethod
    def _begin(self) -> Any:
        """What inflates the next member."""

    @abstractmethod
    def _decompress(self, piece: bytes) -> bytes:
        """What a piece of the member inflates to, or the first byte beyond the limit and what is before."""


class Gzip(_Members):
    """Inflates one body of one or several gzip members (RFC 1952); holds at most `limit` bytes, whatever is sent.

    By zlib-ng, which takes a third of the time of zlib.
    """

    _name = "gzip"
    _at_once = _GZIP_PIECE
    _unsound: ClassVar[type[Exception]] = zlib_ng.error  # type: ignore[assignment] # a class, which its stubs take for an instance

    def _begin(self) -> Any:
        return zlib_ng.decompressobj(_GZIP)

    def _decompress(self, piece: bytes) -> bytes:
        return bytes(self._member.decompress(piece, self._out.left + 1))


class Zstd(_Members):
    """Inflates one body of one or several zstd frames (RFC 8878) with windows of at most 8 MiB; holds at most `limit` bytes."""

    _name = "zstd"
    _at_once = _ZSTD_PIECE
    _unsound = zstandard.ZstdError

    def __init__(self, limit: int, hold: Hold = hold_freely) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        super().__init__(limit, hold)

    def _begin(self) -> Any:
        return self._decoder.decompressobj()

    def _decompress(self, piece: bytes) -> bytes:
        return bytes(self._member.decompress(piece))
