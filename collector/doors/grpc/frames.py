"""HTTP/2's frames and the little of HPACK that a server of unary calls says itself. Source: RFC 9113 and RFC 7541."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER: Final = struct.Struct(">BHBBI")
WORD: Final = struct.Struct(">I")
SETTING: Final = struct.Struct(">HI")
MOST_WINDOW: Final = 2**31 - 1
DEFAULT_WINDOW: Final = 65_535
DEFAULT_FRAME: Final = 16_384
NO_TABLE: Final = b"\x20"
"""Said once at a head's beginning to who changed the size of our table: it is empty, as it always was (RFC 7541, section 4.2)."""


class FrameType(IntEnum):
    """Frame types (RFC 9113, section 6)."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Flag(IntEnum):
    """Flags of frames; ACK is END_STREAM's bit on SETTINGS and PING."""

    END_STREAM = 1
    ACK = 1
    END_HEADERS = 4
    PADDED = 8
    PRIORITY = 32


class Code(IntEnum):
    """Error codes (RFC 9113, section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class Setting(IntEnum):
    """Settings (RFC 9113, section 6.5.2)."""

    HEADER_TABLE_SIZE = 1
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class ConnectionFault(Exception):
    """The other end broke the protocol: the connection ends with this code."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameHead(NamedTuple):
    """The nine bytes before a frame's payload."""

    size: int
    kind: int
    flags: int
    stream: int

    @classmethod
    def read(cls, data: bytes | bytearray) -> FrameHead:
        """From the first nine bytes."""
        high, low, kind, flags, stream = HEADER.unpack_from(data)
        return cls(high << 16 | low, kind, flags, stream & MOST_WINDOW)


def frame(kind: FrameType, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame's bytes."""
    size = len(payload)
    return HEADER.pack(size >> 16, size & 0xFFFF, kind, flags, stream) + payload


def window_update(stream: int, size: int) -> bytes:
    """Lets the other end send that much more."""
    return frame(FrameType.WINDOW_UPDATE, 0, stream, WORD.pack(size))


def unpadded(head: FrameHead, payload: bytes) -> bytes:
    """The payload of HEADERS without padding and priority."""
    start, end = 0, len(payload)
    if head.flags & Flag.PADDED:
        if not payload:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a padded frame without its length of padding")
        start, end = 1, end - payload[0]
    if head.flags & Flag.PRIORITY:
        start += 5
    if start > end:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "more padding than frame")
    return payload[start:end]


def settings(said: Mapping[Setting, int]) -> bytes:
    """Says on what terms we speak."""
    return frame(FrameType.SETTINGS, 0, 0, b"".join(SETTING.pack(*each) for each in said.items()))


def reset(stream: int, code: Code) -> bytes:
    """Ends a stream."""
    return frame(FrameType.RST_STREAM, 0, stream, WORD.pack(code))


def goodbye(newest: int, code: Code, text: str) -> bytes:
    """No stream beyond the newest is taken."""
    return frame(FrameType.GOAWAY, 0, 0, WORD.pack(newest) + WORD.pack(code) + text.encode())


def said_by(payload: bytes) -> dict[int, int]:
    """What SETTINGS say; of one that is said several times the last counts."""
    if len(payload) % SETTING.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "settings cut off")
    said = dict(SETTING.iter_unpack(payload))
    if said.get(Setting.INITIAL_WINDOW_SIZE, 0) > MOST_WINDOW:
        raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window that large is none")
    return said


def increment(payload: bytes) -> int:
    """By how much a WINDOW_UPDATE widens its window."""
    if len(payload) != WORD.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a window's update has four bytes")
    more = int(WORD.unpack(payload)[0]) & MOST_WINDOW
    if not more:
        raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window that is not larger is none")
    return more


def literal(name: bytes, value: bytes) -> bytes:
    """A header field that leaves the other end's table as it is (RFC 7541, section 6.2.2)."""
    return b"\x00" + _length(len(name)) + name + _length(len(value)) + value


def _length(number: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541, section 5.1)."""
    if number < 0x7F:
        return bytes((number,))
    out = bytearray(b"\x7f")
    number -= 0x7F
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
