"""Whole scrapes into the books, with the life of the targets they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...slo import HTTP_SERVER_DURATION
from ..books.books import Books
from ..columns import Points
from ..counting.points import count_points
from ..names import SERVICE_NAME
from ..senders.origin import identity_of, origin_of
from .points import MILLISECOND, joined, points_of
from .rows import Row
from .translation import TranslatedSeries


class Counted(NamedTuple):
    """Points by what they turned out to be, and those that could not be counted by reason."""

    points: Mapping[str, int]
    rejected: Mapping[str, int]


def count_rows(
    books: Books,
    rows: Sequence[Row],
    hearts: Mapping[TranslatedSeries, int],
    received: float,
    whole: Sequence[Points] = (),
) -> Counted:
    """Stages what members say, and that targets were up (`hearts`: their `up` series, with the milliseconds they were seen at).

    `whole` are those that are points already.

    A target is heard as a service once it brings something that counts, or its service is known: not every exporter is one.
    """
    services = {row.parts[0].series.resource[SERVICE_NAME] for row in rows}
    services.update(str(resource[SERVICE_NAME]) for points in whole for resource in points.resources)
    alive = {
        series: time
        for series, time in hearts.items()
        if (service := series.resource[SERVICE_NAME]) in services or books.registry.judges(service)
    }
    found = Counted({}, {})
    parts = [points_of(rows, alive), *whole] if rows or alive else whole
    if parts:
        outcome = count_points(books, joined(parts), received)
        found = Counted(outcome.points, outcome.rejected)
    for series, time in hearts.items():
        _hear(books, series, time, received)
    return found


def _hear(books: Books, series: TranslatedSeries, time: int, received: float) -> None:
    """A target that was seen had room for every metric of its service: a stream that comes later is new, and counts whole."""
    origin = origin_of(series.resource)
    names = {judge.sli.signal for judge in books.registry.judges(origin.service)} & books.cumulatives.names
    for name in names | {HTTP_SERVER_DURATION}:
        books.cumulatives.hear(identity_of(origin.digest, name), time * MILLISECOND, received)
