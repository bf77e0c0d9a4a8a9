"""Spans into the books: judged once a distinct attribute set, counted as arrays, booked by when they ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..slo import BUCKET, SPANS, SpanKind
from .books import Books
from .buckets import NANOSECONDS, Booked, nanoseconds
from .columns import IntColumn, Signal, Source, Spans
from .origin import Origin, origin_of
from .rejections import Outcome, Rejections
from .senders import SignOfLife
from .series import Feeds

_KINDS: Final = 8  # OTLP's span kinds are 0 to 5
_SIDES: Final = [kind.value for kind in SpanKind]


def count_spans(books: Books, spans: Spans, received: float, source: Source = Source.OTLP) -> Outcome:
    """Stages the events of a request's spans, and its signs of life."""
    origins = [origin_of(resource) for resource in spans.resources]
    sides = np.isin(spans.kind, _SIDES)
    books.clocks.read(origins, spans.resource, spans.end, received)
    rejections = Rejections(Signal.TRACES)
    booked = np.minimum(spans.end, nanoseconds(received))
    taken = sides.copy()
    taken[sides] = rejections.by_time(spans.end[sides], booked[sides], received)
    serving = set(spans.resource[taken & (spans.kind == SpanKind.SERVER.value)].tolist())
    for index, origin in enumerate(origins):
        books.introduce(origin.service, received, metrics=False, spans=index in serving)
    books.hear((SignOfLife(origin.sender) for origin in origins), received)
    rows = np.flatnonzero(taken)
    for feeds, t, group in _groups(books, spans, origins, booked, rows):
        _book(books, spans, feeds, t, group, received)
    return rejections.outcome(len(spans.kind) + spans.skipped)


def _groups(
    books: Books, spans: Spans, origins: list[Origin], booked: IntColumn, rows: NDArray[np.intp]
) -> Iterator[tuple[Feeds, int, NDArray[np.intp]]]:
    """The rows in groups that count alike in one bucket."""
    if not len(rows):
        return
    feeds, of_row = _judged(books, spans, origins, rows)
    buckets = booked[rows] // (BUCKET * NANOSECONDS)
    first = int(buckets.min())
    width = int(buckets.max()) - first + 1
    codes = of_row * width + (buckets - first)
    order = np.argsort(codes, kind="stable")
    distinct, starts = np.unique(codes[order], return_index=True)
    for code, group in zip(distinct.tolist(), np.split(rows[order], starts[1:]), strict=True):
        yield feeds[code // width], (first + code % width) * BUCKET, group


def _judged(
    books: Books, spans: Spans, origins: list[Origin], rows: NDArray[np.intp]
) -> tuple[list[Feeds], NDArray[np.int64]]:
    """The distinct feeds, and which of them each row has."""
    codes = (spans.resource[rows] * len(spans.labels) + spans.label[rows]) * _KINDS + spans.kind[rows]
    distinct, inverse = np.unique(codes, return_inverse=True)
    numbers: dict[int, int] = {}
    feeds: list[Feeds] = []
    of_code = np.empty(len(distinct), np.int64)
    for index, code in enumerate(distinct.tolist()):
        pair, kind = divmod(code, _KINDS)
        resource, label = divmod(pair, len(spans.labels))
        found = books.series.feeds(origins[resource].service, (SPANS,), kind, spans.labels[label])
        if id(found) not in numbers:
            numbers[id(found)] = len(feeds)
            feeds.append(found)
        of_code[index] = numbers[id(found)]
    return feeds, of_code[inverse]


def _book(books: Books, spans: Spans, feeds: Feeds, t: int, group: NDArray[np.intp], received: float) -> None:
    start = int(spans.start[group].min()) // NANOSECONDS
    books.book_plain(feeds, t, len(group), start, received)
    if feeds.timed:
        durations = spans.end[group] - spans.start[group]
        for threshold, slos in feeds.timed:
            quick = int(np.count_nonzero(durations <= threshold.nanoseconds))
            books.book(slos, t, Booked(quick, len(group)), start, received)
