"""Which spans of some requests can count, when each is booked, and what became of each request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import SpanKind
from ..books.fractions import HEAVIEST
from ..books.taps import Piece
from ..columns import IntColumn, RowNumbers, Signal, Spans, nanoseconds
from ..ledger.buckets import latest_end, oldest_booked
from ..rejections import IMPLAUSIBLE, Rejections, RequestOutcome

SERVER, CLIENT, CONSUMER = KINDS = tuple(kind.value for kind in SpanKind)
"""The kinds that count, as OTLP numbers them."""


class Countable(NamedTuple):
    """The rows that can count, when each is booked, and what became of each request."""

    rows: RowNumbers
    booked: IntColumn
    outcomes: list[RequestOutcome]

    @classmethod
    def of(cls, spans: Spans, pieces: Sequence[Piece]) -> Countable:
        """The rows served, asked for or consumed, at a time that is kept, of a weight that can be; booked when they ended, or came."""
        counts = (spans.kind == SERVER) | (spans.kind == CLIENT) | (spans.kind == CONSUMER)
        items = [piece.items for piece in pieces]
        received = np.repeat([nanoseconds(piece.received) for piece in pieces], items)[: len(counts)]
        booked = np.minimum(spans.end, received)
        if _is_sound(spans, booked, pieces):
            outcomes = [Rejections(Signal.TRACES).outcome(count) for count in items]
        else:
            ends = np.cumsum(items).tolist()
            outcomes = [
                _sorted_out(spans, booked, counts, slice(end - piece.items, end), piece)
                for piece, end in zip(pieces, ends, strict=True)
            ]
        rows = np.flatnonzero(counts)
        return cls(rows, booked if len(rows) == len(booked) else booked[rows], outcomes)


def _is_sound(spans: Spans, booked: IntColumn, pieces: Sequence[Piece]) -> bool:
    """Whether no row at all is to be refused: almost always, and found out at once."""
    latest = latest_end(min(piece.received for piece in pieces))
    oldest = oldest_booked(max(piece.received for piece in pieces))
    return bool(
        spans.end.max(initial=0) <= latest
        and booked.min(initial=oldest) >= oldest
        and spans.threshold.max(initial=0) <= HEAVIEST
    )


def _sorted_out(
    spans: Spans, booked: IntColumn, counts: NDArray[np.bool_], part: slice, piece: Piece
) -> RequestOutcome:
    """What became of one request: those of its rows that are refused don't count any more."""
    rejections = Rejections(Signal.TRACES)
    rows = np.flatnonzero(counts[part]) + part.start
    taken = rejections.by_time(spans.end[rows], booked[rows], piece.received)
    heavy = spans.threshold[rows] > HEAVIEST
    rejections.add(IMPLAUSIBLE, int(np.count_nonzero(heavy & taken)))
    counts[rows] = taken & ~heavy
    return rejections.outcome(piece.items)
