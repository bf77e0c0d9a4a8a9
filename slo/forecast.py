"""What is to come: how long the budget lasts, and with which chance the promise is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from .arithmetic import FloatArray
from .calendar_window import CalendarWindow, TimeWindow
from .events import EventCount
from .measure import counts_shares
from .poisson import poisson_range
from .source import EventSource, HistoryPoint
from .status import Status
from .unit import Unit
from .window import DAY, HOUR, TIERS, Interval

CONFIDENCE: Final = 0.9
"""How often a range holds what it is the range of."""

_WINDOWS_BACK: Final = 3
_DRAWS: Final = 2_000
"""A chance is off by one in a hundred at most, two times in three."""

_SEED: Final = 1_936


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """When a budget is spent if failures go on as in `window`, in seconds; None: never.

    So few failures may be luck: from `earliest` to `latest` they would be spent at every rate that is likely behind them.
    """

    window: TimeWindow
    failed: Fraction
    earliest: float | None
    latest: float | None


@dataclass(frozen=True, slots=True)
class Chance:
    """The share `kept` of futures in which the objective is met until epoch second `end`, drawn from `seconds` of the past."""

    kept: float
    end: int
    seconds: int


def exhaustion(status: Status) -> Exhaustion | None:
    """How long the budget lasts, with a range; None without traffic, and where shares of failures are counted, not failures."""
    window = min(status.burn)
    count, slo = status.counts[window], status.slo
    if counts_shares(slo) or not count.total:
        return None
    burn, failed = status.burn[window], Fraction(count.bad)
    each = burn / failed if burn else 1 / (slo.objective.allowed * count.total)
    least, most = poisson_range(float(failed), CONFIDENCE)
    seconds = max(Fraction(0), status.budget.remaining_ratio) * slo.window.length(status.now)
    earliest, latest = (float(seconds / each) / mean if mean else None for mean in (most, least))
    return Exhaustion(window, failed, earliest, latest if seconds else 0.0)


def chance(status: Status, source: EventSource) -> Chance | None:
    """With which chance the objective is met: of a rolling window, the next one; of a calendar's, until the period's end.

    Futures are put together from the past's days, whole weeks of them in a row, so that weekends and long outages stay what they are;
    of windows shorter than a week from hours, days in a row. None for less than a week (a day) of history, and where slices or shares are
    counted. One question for three windows of `history` and 2,000 draws: some milliseconds, so it is for SLOs somebody looks at.
    """
    slo, window = status.slo, status.slo.window
    if slo.unit is not Unit.EVENTS:
        return None
    step, block = (DAY, 7) if window.seconds >= 7 * DAY else (HOUR, 24)
    end = int(status.now // HOUR) * HOUR
    back = min(_WINDOWS_BACK * window.seconds, TIERS[-1].kept) // step * step
    points = source.history(slo.name, Interval(end - back, end), step)
    if not points or end - points[0].t < block * step:
        return None
    counted = status.events if isinstance(window, CalendarWindow) else EventCount(0, 0)
    ahead = window.ahead(status.now)
    past = _steps(points, end, step)
    kept = share_kept(past, ahead / step, block, counted, slo.objective.allowed)
    return Chance(kept, int(status.now + ahead), end - points[0].t)


def share_kept(past: FloatArray, ahead: float, block: int, counted: EventCount, allowed: Fraction) -> float:
    """The share of futures, `ahead` steps long, after which no more than `allowed` of all are bad; `counted` is what there is already.

    `past` holds (bad, total) a step. A future is blocks of it, `block` steps each, from anywhere in it (a circular block bootstrap: Politis
    and Romano, 1992). The same past has the same answer.
    """
    steps = math.ceil(ahead)
    blocks = -(-steps // block)
    starts = np.random.default_rng(_SEED).integers(0, len(past), (_DRAWS, blocks, 1))
    drawn = ((starts + np.arange(block)) % len(past)).reshape(_DRAWS, -1)[:, :steps]
    weights = np.minimum(1, ahead - np.arange(steps))
    bad = past[:, 0][drawn] @ weights + counted.bad
    total = past[:, 1][drawn] @ weights + counted.total
    return float(np.mean(bad <= float(allowed) * total))


def _steps(points: Sequence[HistoryPoint], end: int, step: int) -> FloatArray:
    """(bad, total) of every step from the first with events, none of those without."""
    first = points[0].t
    steps = np.zeros(((end - first) // step, 2))
    for point in points:
        steps[(point.t - first) // step] = point.bad, point.total
    return steps
