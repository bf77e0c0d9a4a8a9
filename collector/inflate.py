"""Gzip bodies, inflated as they arrive and never beyond their limit."""

from __future__ import annotations

import zlib
from typing import Final

from .errors import BadRequest, TooLarge

_GZIP: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 64 * 1024
"""Fed at once: what is behind the end of a member is copied for each member, which must not cost the body's square."""


class Inflater:
    """Inflates one body of one or several gzip members (RFC 1952); holds at most `limit` bytes, whatever is sent."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts: list[bytes] = []
        self._member = zlib.decompressobj(_GZIP)
        self._inside = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge at the first byte beyond the limit, BadRequest where they are no gzip."""
        try:
            for at in range(0, len(data), _PIECE):
                self._inflate(data[at : at + _PIECE])
        except zlib.error as error:
            raise BadRequest(f"the body is no sound gzip: {error}") from error

    def _inflate(self, piece: bytes) -> None:
        while piece:
            part = self._member.decompress(piece, self._limit - self._size + 1)
            self._size += len(part)
            if self._size > self._limit:
                raise TooLarge(f"the body inflates to more than {self._limit} bytes")
            self._parts.append(part)
            piece = self._member.unused_data
            self._inside = not self._member.eof
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing. No bytes at all are an empty body."""
        if self._inside:
            raise BadRequest("the gzip body ends in the middle")
        return b"".join(self._parts)
