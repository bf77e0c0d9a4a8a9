"""What spent an error budget: failed events of an interval by what they had in common, as a table and as layers over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from ..slo import Interval, Status, Unit, figures
from .history import Chart, History, axis_of
from .svg import Area, stacked

BREAKDOWNS: Final = {
    "cause": "Cause",
    "route": "Route",
    "status": "Status",
    "error": "Error type",
    "version": "Version",
    "instance": "Instance",
}
"""By what failures are told apart, and what that is called."""

_LAYERS: Final = 6
_ROWS: Final = 20
_OTHERS: Final = "all others"


class Spent(NamedTuple):
    """Failed events of the step that begins at `t`, by what they had in common; `what` is empty for those without a name."""

    t: int
    what: str
    failed: int


@dataclass(frozen=True, slots=True)
class Spending:
    """Failed events over `interval` in steps of `step` seconds, told apart `by` one of `BREAKDOWNS`."""

    by: str
    interval: Interval
    step: int
    parts: Sequence[Spent]


@dataclass(frozen=True, slots=True)
class SpentRow:
    """One line of the table, in words, and the class of its colour in the chart."""

    what: str
    failed: str
    share: str
    budget: str
    tone: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A table and a chart of the same counts. The rows add up to all that failed."""

    by: str
    rows: tuple[SpentRow, ...]
    chart: Chart


def breakdown_of(spending: Spending, status: Status) -> Breakdown:
    """The spending in words, and drawn; shares of the budget are of that of the SLO's whole window as it is now."""
    total: Counter[str] = Counter()
    for part in spending.parts:
        total[part.what or _OTHERS] += part.failed
    ordered = sorted(total, key=lambda what: (what == _OTHERS, -total[what], what))
    tones = {what: f"layer layer-{rank}" for rank, what in enumerate(ordered[:_LAYERS], start=1) if what != _OTHERS}
    failed, allowed = total.total(), _allowed(status)
    rows = [_row(what, total[what], failed, allowed, tones.get(what, "layer layer-0")) for what in ordered[:_ROWS]]
    rest = sum(total[what] for what in ordered[_ROWS:])
    if rest:
        rows.append(_row("the rest", rest, failed, allowed, "layer layer-0"))
    return Breakdown(BREAKDOWNS[spending.by], tuple(rows), _chart(spending, tones, failed))


def _row(what: str, failed: int, of: int, allowed: Fraction, tone: str) -> SpentRow:
    budget = figures.share(failed / allowed, up=True) if allowed else figures.NOTHING
    return SpentRow(what, figures.count(failed), figures.percent(Fraction(failed, of)), budget, tone)


def _allowed(status: Status) -> Fraction:
    """The events that the budget allows; a budget of slices allows no number of events."""
    return status.budget.allowed if status.slo.unit is Unit.EVENTS else Fraction(0)


def _chart(spending: Spending, tones: dict[str, str], failed: int) -> Chart:
    interval, step = spending.interval, spending.step
    first = interval.start // step * step
    steps = max(1, -(-(interval.end - first) // step))
    layers = {tone: [0.0] * steps for tone in (*tones.values(), "layer layer-0")}
    for part in spending.parts:
        place = min(steps - 1, max(0, (part.t - first) // step))
        layers[tones.get(part.what or _OTHERS, "layer layer-0")][place] += part.failed
    top = max(map(sum, zip(*layers.values(), strict=True)), default=0.0)
    length = figures.duration(step)
    title = f"Failed per {length} by {BREAKDOWNS[spending.by].lower()}"
    says = f"{figures.requests(failed)} failed, at most {figures.count(top)} in {length}" if failed else "none failed"
    plot = stacked((Area(values, tone) for tone, values in layers.items()), steps, top, f"{title}: {says}")
    return Chart(title, says, figures.count(top), "0", axis_of(History((), interval, step)), plot)
