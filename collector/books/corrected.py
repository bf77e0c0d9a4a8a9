"""Corrected time: which it is of an SLO, and the events booked in it, which are taken out as if they never were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...slo import HOUR, MINUTE, SLO, HistoryPoint, Interval
from ...slo.correction import merged
from ..ledger.buckets import Booked
from .stretches import Stretches


def corrected(slo: SLO, within: Interval, width: int) -> tuple[Interval, ...]:
    """The corrected time of an SLO within an interval, in whole minutes, or in whole `width`s where counts are kept coarser."""
    return merged(stretch for one in slo.corrections for stretch in one.intervals(within, max(MINUTE, width)))


def events_in_corrected(slo: SLO, row: int, within: Interval, width: int, stretches: Stretches) -> Booked:
    """The events of an SLO's row in the corrected time of an interval, from buckets of `width` seconds and wider ones.

    What lies in the middle is remembered; at the edges it changes with the window and is read each time.
    """
    found = [
        (stretches.events if within.start < each.start and each.end < within.end else stretches.read)(row, each, width)
        for each in corrected(slo, within, width)
    ]
    return Booked(*map(sum, zip(*found, strict=True))) if found else Booked()


def corrected_by_age(slo: SLO, within: Interval, minutes_from: int) -> tuple[Interval, ...]:
    """The corrected time of an SLO: in whole minutes from the full hour on from which they are kept, in whole hours before it."""
    middle = min(within.end, max(within.start, minutes_from))
    old, young = Interval(within.start, middle), Interval(middle, within.end)
    return merged([*corrected(slo, old, HOUR), *corrected(slo, young, MINUTE)])


def uncorrected(within: Interval, stretches: Sequence[Interval]) -> Iterator[Interval]:
    """What is left of an interval between stretches of it, which are in order and apart from each other."""
    start = within.start
    for stretch in (*stretches, Interval(within.end, within.end)):
        if start < stretch.start:
            yield Interval(start, stretch.start)
        start = stretch.end


def without(points: Sequence[HistoryPoint], taken: Sequence[HistoryPoint], start: int, step: int) -> list[HistoryPoint]:
    """History in steps from `start` less finer points of it."""
    left = {point.t: point for point in points}
    for t, good, total in taken:
        key = start + (t - start) // step * step
        point = left[key]
        left[key] = HistoryPoint(key, point.good - good, point.total - total)
    return [point for point in left.values() if point.total]
