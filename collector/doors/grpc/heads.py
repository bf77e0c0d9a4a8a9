"""What reads the heads of one connection of HTTP/2: HEADERS, what continues them, and HPACK. Source: RFC 9113, section 6.10; RFC 7541."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import hpack

from .frames import Code, ConnectionFault, Flag, FrameHead, unpadded

MOST_HEAD: Final = 64 * 1024

MOST_KNOWN: Final = 64
"""Heads remembered; a sender uses a few."""

MOST_PIECES: Final = 1_000
"""Frames one head may come in."""

Headers = Mapping[bytes, bytes]


class WholeHead(NamedTuple):
    """A head; `ended` says that nothing follows it on its stream."""

    stream: int
    headers: Headers
    ended: bool


class HeadReader:
    """See the module. Every head has to be read, whoever sent it and whether it is wanted: HPACK's table changes with each."""

    def __init__(self) -> None:
        self._decoder: Any = hpack.Decoder(max_header_list_size=MOST_HEAD)
        self._known: dict[bytes, Headers] = {}
        """Heads made of nothing but references to the decoder's table, for as long as that stays as it is."""
        self._first: FrameHead | None = None
        self._block = bytearray()
        self._pieces = 0

    @property
    def halfway(self) -> bool:
        """Whether a head has begun and not ended."""
        return self._first is not None

    def begin(self, head: FrameHead, payload: bytes) -> WholeHead | None:
        """HEADERS came; gives the head where that is all of it. Raises ConnectionFault, as `go_on` does."""
        self._first, self._block, self._pieces = head, bytearray(unpadded(head, payload)), 1
        return self._ended(head, head)

    def go_on(self, head: FrameHead, payload: bytes) -> WholeHead | None:
        """CONTINUATION came; gives the head where that was the rest of it."""
        first = self._first
        if first is None or first.stream != head.stream:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a head goes on that did not begin")
        self._block += payload
        self._pieces += 1
        if len(self._block) > MOST_HEAD or self._pieces > MOST_PIECES:
            bounds = f"a head has at most {MOST_HEAD} bytes and {MOST_PIECES} frames"
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, bounds)
        return self._ended(first, head)

    def _ended(self, first: FrameHead, newest: FrameHead) -> WholeHead | None:
        if not newest.flags & Flag.END_HEADERS:
            return None
        block, self._first, self._block = bytes(self._block), None, bytearray()
        return WholeHead(first.stream, self.decoded(block), bool(first.flags & Flag.END_STREAM))

    def decoded(self, block: bytes) -> Headers:
        """A block's headers, of several of one name the last; raises ConnectionFault where it can't be read."""
        references = bool(block) and min(block) >= 0x80 and max(block) < 0xFF
        if references and (known := self._known.get(block)) is not None:
            return known
        try:
            headers = {name: value for name, value, *_ in self._decoder.decode(block, raw=True)}
        except hpack.HPACKError as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, f"a head can't be read: {error}") from error
        if not references or len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if references:
            self._known[block] = headers
        return headers
