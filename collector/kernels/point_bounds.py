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

from ..columns import IntColumn
from ..errors import BadRequest
from ..exponential import upper_bounds
from .compiled import Ints
from .interning import WIDTH

LAYOUT: Final = 5
"""Numbers of an exponential layout: scale, offset, buckets above zero, the zero threshold's bits, 1 where it is in milliseconds."""

PIECES: Final = 2
"""Added to the label of boundaries that were sent in several pieces: the entry is the whole point then."""

_REMEMBERED: Final = 1_024


class Bounds(NamedTuple):
    """Boundaries by number: first `()`, for rows without buckets; and which of them rise."""

    spelled: tuple[tuple[float, ...], ...]
    sound: tuple[bool, ...]


def bounds_of(body: bytes, entries: Ints, layouts: Ints) -> Bounds:
    """All boundaries of a request: `()`, the explicit ones, then those of exponential layouts."""
    explicit = [_of_entry(body, label, place, size) for label, place, size in entries[:, :WIDTH].tolist()]
    exponential = [_exponential(*layout) for layout in layouts.tolist()]
    spelled, sound = zip(((), True), *explicit, *exponential, strict=True)
    return Bounds(spelled, sound)


def numbered(bound: IntColumn, explicit: int) -> IntColumn:
    """The kernel's numbers of boundaries as places in `Bounds`; `explicit` is how many of those there are."""
    return np.where(bound & 1, (bound + 1) >> 1, np.where(bound > 0, (bound >> 1) + explicit, 0))


def _of_entry(body: bytes, label: int, place: int, size: int) -> tuple[tuple[float, ...], bool]:
    content, milliseconds = body[place : place + size], bool(label & 1)
    if label & PIECES:
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
    scale: int, offset: int, buckets: int, threshold: int, milliseconds: int
) -> tuple[tuple[float, ...], bool]:
    zero = float(np.int64(threshold).view(np.float64))
    return _checked((zero, *upper_bounds(scale, offset, buckets)), milliseconds=bool(milliseconds))


def _checked(bounds: Sequence[float], *, milliseconds: bool) -> tuple[tuple[float, ...], bool]:
    """Boundaries in seconds, and whether none is below the one before it, and none is no number."""
    sound = all(low <= high for low, high in pairwise((-math.inf, *bounds)))
    return tuple(bound / 1000 for bound in bounds) if milliseconds else tuple(bounds), sound
