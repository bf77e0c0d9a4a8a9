"""Histories for a Prometheus: counters of SLOs over a day, as remote-write requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import cramjam
import numpy as np

from .payloads import _field

SERIES_AT_ONCE = 50
_VARINT_BYTES = 6
"""Of milliseconds since the epoch, from 2004 to 2109."""


def counter_bodies(series: Sequence[Mapping[str, str]], moments: Sequence[float], per_second: float) -> Iterator[bytes]:
    """Counters with these labels, at these moments, that grow by so much a second; 50 series a request."""
    samples = _samples(np.array(moments), per_second)
    for first in range(0, len(series), SERIES_AT_ONCE):
        body = b"".join(_field(1, _labels(each) + samples) for each in series[first : first + SERIES_AT_ONCE])
        yield bytes(cramjam.snappy.compress_raw(body))


def _labels(series: Mapping[str, str]) -> bytes:
    pairs = ((name.encode(), value.encode()) for name, value in sorted(series.items()))
    return b"".join(_field(1, _field(1, name) + _field(2, value)) for name, value in pairs)


def _samples(moments: np.ndarray, per_second: float) -> bytes:
    """All samples of one series, each of 18 bytes: Sample{value, timestamp}, framed."""
    milliseconds = (moments * 1000).astype(np.int64)
    rows = np.empty((len(moments), 12 + _VARINT_BYTES), np.uint8)
    rows[:, :3] = 0x12, 10 + _VARINT_BYTES, 0x09
    rows[:, 3:11] = ((moments - moments[0]) * per_second).astype("<f8").view(np.uint8).reshape(-1, 8)
    rows[:, 11] = 0x10
    for place in range(_VARINT_BYTES):
        more = 0x80 if place < _VARINT_BYTES - 1 else 0
        rows[:, 12 + place] = (milliseconds >> (7 * place) & 0x7F) | more
    return rows.tobytes()
