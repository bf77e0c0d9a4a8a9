"""Prometheus' mark for a series that ended: one of the many values that are not a number."""

from __future__ import annotations

import struct
from typing import Final

_BYTES: Final = struct.pack("<Q", 0x7FF0000000000002)

STALE: Final[float] = struct.unpack("<d", _BYTES)[0]


def is_stale_marker(value: float) -> bool:
    """Whether a value is the mark."""
    return value != value and struct.pack("<d", value) == _BYTES
