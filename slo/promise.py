"""What an SLO promises, in words: the same on pages, in messages and on panels."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from . import figures
from .calendar_window import CalendarWindow, TimeWindow
from .composite import Composite, Rule
from .slo import SLO, Method

_PERIODS: Final = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}


def promise(slo: SLO) -> str:
    """`99.99 % of the requests to payments succeed`, or `are answered within 250 ms`; the window is the caller's to name."""
    promised = figures.objective(slo.objective)
    if slo.slices is None:
        return f"{promised} of {_what_succeeds(slo)}"
    slices, judged = f"slices of {slo.slices.window}", slo.slices.target
    if slo.method is Method.RATIO_TIMESLICES:
        return f"on the mean of all {slices}, {promised} of {_what_succeeds(slo)}"
    return f"in {promised} of all {slices}, {_what_makes_good(slo, judged)}"


def allowance(slo: SLO) -> str:
    """`99.99 % of the requests to payments succeed, over any 30d. That allows 4 min 19 s of total outage.`"""
    down = figures.duration(slo.objective.allowed * slo.window.seconds)
    return f"{promise(slo)}, {over(slo.window)}. That allows {down} of total outage."


def over(window: TimeWindow) -> str:
    """`over any 30d`; `in every month of Europe/Berlin`."""
    if not isinstance(window, CalendarWindow):
        return f"over any {window}"
    return f"in every {period(window)} of {window.zone}"


def period(window: CalendarWindow) -> str:
    """`month`, `2 weeks`."""
    name = _PERIODS[window.unit]
    return name if window.count == 1 else f"{window.count} {name}s"


def _what_succeeds(slo: SLO) -> str:
    if slo.sli.composite is not None:
        return f"what {_members(slo.sli.composite)} promise is kept, on the mean by weight"
    threshold = slo.sli.threshold
    kept = "succeed" if threshold is None else f"are answered within {figures.threshold(threshold)}"
    return f"the requests to {slo.service} {kept}"


def _what_makes_good(slo: SLO, target: Decimal | None) -> str:
    composite = slo.sli.composite
    if composite is not None:
        return f"{'all' if composite.rule is Rule.ALL else 'any'} of {_members(composite)} keep their promise"
    assert target is not None, "slices of no other SLOs are judged by a target"
    return f"{figures.percent(Fraction(target), digits=None)} of {_what_succeeds(slo)}"


def _members(composite: Composite) -> str:
    weighs = composite.rule is Rule.WEIGHTED and len({member.weight for member in composite.members}) > 1
    return ", ".join(
        f"{member.name} ({figures.exact(member.weight)})" if weighs else member.name for member in composite.members
    )
