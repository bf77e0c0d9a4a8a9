"""Charts as inline SVG: no script, no style attribute, no outside resource, so that they live under the strictest policy.

Plots stretch with the page (`preserveAspectRatio="none"`), so every word stands outside of them, in HTML, readable at any width.
Colours come from classes of page.css; each chart says in words what it shows (`aria-label`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

WIDTH: Final = 600
HEIGHT: Final = 100
_BAR: Final = 100


class Limit(NamedTuple):
    """A line somewhere along a bar, and the severity it belongs to."""

    value: float
    severity: str


class Step(NamedTuple):
    """A value that holds from `start` to `end`, both as shares of the chart's width."""

    start: float
    end: float
    value: float


def burn_bar(value: float, limits: Iterable[Limit], top: float, tone: str) -> Markup:
    """One burn rate against its limits, on a logarithmic scale from 0 to `top`."""
    marks = Markup("").join(
        Markup('<path class="limit {}" d="M{} 0V10"/>').format(
            limit.severity, _short(_logarithmic(limit.value, top) * _BAR)
        )
        for limit in limits
    )
    width = _short(_logarithmic(value, top) * _BAR)
    bar = Markup('<rect class="{}" width="{}" height="10"/>').format(tone, width) if value > 0 else Markup("")
    return _plot(Markup('class="bar" aria-hidden="true"'), _BAR, 10, bar + marks)


def budget_bar(left: float, tone: str) -> Markup:
    """What is left of a budget, from the left edge; an over-spent one is full of the over-spending's colour."""
    share = 1.0 if left < 0 else min(1.0, left)
    name = "over" if left < 0 else tone
    bar = Markup('<rect class="{}" width="{}" height="10"/>').format(name, _short(share * _BAR))
    return _plot(Markup('class="bar" aria-hidden="true"'), _BAR, 10, bar)


def columns(steps: Sequence[Step], top: float, tone: str, says: str) -> Markup:
    """One column a step, from the ground."""
    shapes = [
        f"M{_short(s.start * WIDTH)} {HEIGHT}V{_short(_y(s.value, 0, top))}H{_short(s.end * WIDTH)}V{HEIGHT}Z"
        for s in steps
        if s.value > 0
    ]
    return _chart(Markup('<path class="{}" d="{}"/>').format(tone, "".join(shapes)), says)


def lines(
    runs: Iterable[Sequence[tuple[float, float]]], bottom: float, top: float, says: str, marks: Iterable[Limit] = ()
) -> Markup:
    """Lines through (share of the width, value), one for each run, so that gaps stay gaps; `marks` are level lines across."""
    paths = Markup("").join(
        Markup('<path class="line" d="{}"/>').format(
            "M" + "L".join(f"{_short(x * WIDTH)} {_short(_y(v, bottom, top))}" for x, v in run)
        )
        for run in runs
    )
    levels = Markup("").join(
        Markup('<path class="level {}" d="M0 {}H{}"/>').format(
            mark.severity, _short(_y(mark.value, bottom, top)), WIDTH
        )
        for mark in marks
    )
    return _chart(levels + paths, says)


def _chart(shapes: Markup, says: str) -> Markup:
    attributes = Markup('class="plot" role="img" aria-label="{}"').format(says)
    return _plot(attributes, WIDTH, HEIGHT, shapes)


def _plot(attributes: Markup, width: int, height: int, shapes: Markup) -> Markup:
    return Markup('<svg {} viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>').format(
        attributes, width, height, escape(shapes)
    )


def _logarithmic(value: float, top: float) -> float:
    """From 0 to 1, so that 1x and 1,000x can both be seen."""
    return min(1.0, math.log1p(max(0.0, value)) / math.log1p(top)) if top > 0 else 0.0


def _y(value: float, bottom: float, top: float) -> float:
    share = (value - bottom) / (top - bottom) if top > bottom else 0.0
    return HEIGHT * (1 - min(1.0, max(0.0, share)))


def _short(number: float) -> str:
    """A coordinate in a tenth of a unit, as few characters as it takes."""
    return f"{number:.1f}".removesuffix(".0")
