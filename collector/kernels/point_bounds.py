"""The boundaries of histograms' buckets, spelled out: the few distinct ones a request has, remembered across requests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint

from ..errors import BadRequest
from ..exponential import upper_bounds
from .compiled import Ints
from .point_rows import CONTINUED, IN_PIECES, LAST, OF_SCALE

NO_BUCKETS: Final[tuple[float, ...]] = ()
MOST_BOUNDS: Final = 4_000_000
"""Boundaries that one request may hold, each distinct layout's counted once: they take 128 MB."""

_REMEMBERED: Final = 1_024


class Bounds(NamedTuple):
    """Boundaries by number: first `()`, for rows without buckets; and which of them rise."""

    spelled: tuple[tuple[float, ...], ...]
    sound: tuple[bool, ...]


def bounds_of(body: bytes, entries: Ints) -> Bounds:
    """All boundaries of a request, in the order of the kernel's numbers for them. More than MOST_BOUNDS are a BadRequest."""
    listed, spelled, sound, most = entries.tolist(), [NO_BUCKETS], [True], MOST_BOUNDS
    for entry in listed:
        bounds, rises = _of_entry(body, listed, *entry)
        most -= len(bounds)
        if most < 0:
            raise BadRequest(f"more than {MOST_BOUNDS:,} different boundaries of histograms in one request")
        spelled.append(bounds)
        sound.append(rises)
    return Bounds(tuple(spelled), tuple(sound))


def _of_entry(
    body: bytes, entries: list[list[int]], label: int, place: int, size: int
) -> tuple[tuple[float, ...], bool]:
    if label >= LAST:
        before, buckets, _ = entries[label - LAST]
        first, scale_and_offset, _ = entries[before - CONTINUED]
        return _exponential(scale_and_offset, buckets, place, bool(first & 1))
    if label >= OF_SCALE:
        return (), True
    content, milliseconds = body[place : place + size], bool(label & 1)
    if label >= IN_PIECES:
        return _checked(_in_pieces(content), milliseconds=milliseconds)
    return _explicit(content, milliseconds)


def _in_pieces(point: bytes) -> tuple[float, ...]:
    try:
        return tuple(HistogramDataPoint.FromString(point).explicit_bounds)
    except DecodeError as error:
        raise BadRequest("the body holds a histogram that can't be read") from error


@lru_cache(_REMEMBERED)
def _explicit(packed: bytes, milliseconds: bool) -> tuple[tuple[float, ...], bool]:  # noqa: FBT001 - a cache's key
    return _checked(tuple(np.frombuffer(packed, "<f8").tolist()), milliseconds=milliseconds)


@lru_cache(_REMEMBERED)
def _exponential(
    scale_and_offset: int,
    buckets: int,
    threshold: int,
    milliseconds: bool,  # noqa: FBT001 - as in _explicit
) -> tuple[tuple[float, ...], bool]:
    scale, offset = scale_and_offset >> 32, (scale_and_offset + 2**31) % 2**32 - 2**31
    zero = float(np.int64(threshold).view(np.float64))
    above = upper_bounds(scale, offset, buckets)
    bounds, sound = _checked((zero, *above[:1]), milliseconds=milliseconds)
    return (*bounds, *_seconds(above[1:], milliseconds=milliseconds)), sound


def _checked(bounds: Sequence[float], *, milliseconds: bool) -> tuple[tuple[float, ...], bool]:
    """Boundaries in seconds, and whether none is below the one before it, and none is no number."""
    sound = all(low <= high for low, high in pairwise((-math.inf, *bounds)))
    return _seconds(bounds, milliseconds=milliseconds), sound


def _seconds(bounds: Sequence[float], *, milliseconds: bool) -> tuple[float, ...]:
    return tuple(bound / 1000 for bound in bounds) if milliseconds else tuple(bounds)
