"""The burn rates of one SLO against the limits of its rules, one line a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from markupsafe import Markup

from ..slo import Severity, Status, TimeWindow, figures
from .limits import Limit, limits_of
from .svg import LevelLine, burn_bar

_HEADROOM: Final = 1.3
"""How far the scale of calm burn rates reaches beyond the highest limit."""


@dataclass(frozen=True, slots=True)
class Burn:
    """One window's burn rate in words, its bar, and the limits it is held against."""

    window: str
    rate: str
    limits: tuple[str, ...]
    tone: str
    above: str
    bar: Markup


def burns_of(status: Status) -> tuple[Burn, ...]:
    """Every window of the rules, shortest first, against the limits of the rules it takes part in."""
    limits = {window: _limits(status, window) for window in status.burn}
    rates = [float(rate) for rate in status.burn.values() if rate is not None]
    top = max([1.0, *rates, *(float(limit.factor) * _HEADROOM for each in limits.values() for limit in each)])
    return tuple(_burn(window, rate, limits[window], top) for window, rate in status.burn.items())


def _limits(status: Status, window: TimeWindow) -> tuple[Limit, ...]:
    rules = (rule for rule in status.slo.rules if window in (rule.long, rule.short))
    return limits_of(rules, status.slo.window, status.now)


def _burn(window: TimeWindow, rate: Fraction | None, limits: Sequence[Limit], top: float) -> Burn:
    exceeded = [limit for limit in limits if rate is not None and rate > limit.factor]
    tone = "page" if Severity.PAGE in {limit.severity for limit in exceeded} else "ticket" if exceeded else "calm"
    marks = [LevelLine(float(limit.factor), limit.severity.value) for limit in limits]
    return Burn(
        window=str(window),
        rate=figures.burn(rate),
        limits=tuple(f"{figures.factor(limit.factor)}x {limit.severity.value}" for limit in limits),
        tone=tone,
        above=f"above {figures.factor(exceeded[-1].factor)}x" if exceeded else "",
        bar=burn_bar(float(rate or 0), marks, top, tone),
    )
