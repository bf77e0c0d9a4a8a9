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


class LevelLine(NamedTuple):
    """A line across a chart or a bar, at a value of its scale. Its colour goes by `tone`."""

    value: float
    tone: str


class Column(NamedTuple):
    """A value that holds from `start` to `end`, both as shares of the chart's width."""

    start: float
    end: float
    value: float


class Mark(NamedTuple):
    """Something that happened at a moment of a chart, as a share of its width. Its colour goes by `tone`."""

    place: float
    tone: str


class Area(NamedTuple):
    """One layer of a stacked chart: its values, one a step, and the class that colours it."""

    values: Sequence[float]
    tone: str


def burn_bar(value: float, marks: Iterable[LevelLine], top: float, tone: str) -> Markup:
    """One burn rate against its limits, which are `marks`, on a logarithmic scale from 0 to `top`."""
    width = _short(_logarithmic(value, top) * _BAR)
    bar = f'<rect class="{escape(tone)}" width="{width}" height="10"/>' if value > 0 else ""
    limits = (
        f'<path class="limit {escape(mark.tone)}" d="M{_short(_logarithmic(mark.value, top) * _BAR)} 0V10"/>'
        for mark in marks
    )
    return _bar(bar + "".join(limits))


def budget_bar(left: float, tone: str) -> Markup:
    """What is left of a budget, from the left edge; an over-spent one is full of the over-spending's colour."""
    share = 1.0 if left < 0 else min(1.0, left)
    name = "over" if left < 0 else escape(tone)
    return _bar(f'<rect class="{name}" width="{_short(share * _BAR)}" height="10"/>')


def span_bar(start: float, length: float, tone: str) -> Markup:
    """Something that lasted, from `start` on, both as shares of the whole; the shortest is still seen."""
    x = min(1.0, max(0.0, start))
    width = min(1.0 - x, max(0.005, length)) if x < 1 else 0.005
    return _bar(
        f'<rect class="{escape(tone)}" x="{_short(min(x, 0.995) * _BAR)}" width="{_short(width * _BAR)}" height="10"/>'
    )


def columns(values: Iterable[Column], top: float, tone: str, says: str, marks: Iterable[Mark] = ()) -> Markup:
    """One column a step, from the ground; `marks` are lines from top to bottom, behind the columns."""
    shapes = (
        f"M{_short(each.start * WIDTH)} {HEIGHT}V{_short(_y(each.value, 0, top))}H{_short(each.end * WIDTH)}V{HEIGHT}Z"
        for each in values
        if each.value > 0
    )
    return _chart(f'{_marked(marks)}<path class="{escape(tone)}" d="{"".join(shapes)}"/>', says)


def stacked(areas: Iterable[Area], steps: int, top: float, says: str, marks: Iterable[Mark] = ()) -> Markup:
    """Layers upon one another, the first at the ground, each a stair of as many `steps` as fill the width."""
    ground = [0.0] * steps
    shapes = []
    for area in areas:
        roof = [low + value for low, value in zip(ground, area.values, strict=True)]
        shapes.append(f'<path class="{escape(area.tone)}" d="{_between(ground, roof, top)}"/>')
        ground = roof
    return _chart("".join((_marked(marks), *shapes)), says)


def lines(
    runs: Iterable[Sequence[tuple[float, float]]],
    bottom: float,
    top: float,
    says: str,
    marks: Iterable[LevelLine] = (),
    moments: Iterable[Mark] = (),
) -> Markup:
    """Lines through (share of the width, value), one for each run, so that gaps stay gaps.

    `marks` are level lines across, `moments` lines from top to bottom.
    """
    points = ("L".join(f"{_short(x * WIDTH)} {_short(_y(value, bottom, top))}" for x, value in run) for run in runs)
    paths = (f'<path class="line" d="M{each}"/>' for each in points)
    levels = (
        f'<path class="level {escape(mark.tone)}" d="M0 {_short(_y(mark.value, bottom, top))}H{WIDTH}"/>'
        for mark in marks
    )
    return _chart("".join((_marked(moments), *levels, *paths)), says)


def _between(ground: Sequence[float], roof: Sequence[float], top: float) -> str:
    """The outline of a layer; steps in which it has no height are left out."""
    width = WIDTH / max(1, len(ground))
    layers = enumerate(zip(ground, roof, strict=True))
    levels = ((step, _short(_y(low, 0, top)), _short(_y(high, 0, top))) for step, (low, high) in layers if high > low)
    return "".join(
        f"M{_short(step * width)} {low}V{high}H{_short((step + 1) * width)}V{low}Z" for step, low, high in levels
    )


def _marked(marks: Iterable[Mark]) -> str:
    return "".join(
        f'<path class="mark {escape(mark.tone)}" d="M{_short(mark.place * WIDTH)} 0V{HEIGHT}"/>' for mark in marks
    )


def _bar(shapes: str) -> Markup:
    return Markup(  # noqa: S704 - made of numbers and of escaped names
        f'<svg class="bar" aria-hidden="true" viewBox="0 0 {_BAR} 10" preserveAspectRatio="none">{shapes}</svg>'
    )


def _chart(shapes: str, says: str) -> Markup:
    return Markup(  # noqa: S704 - made of numbers and of escaped names
        f'<svg class="plot" role="img" aria-label="{escape(says)}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none">{shapes}</svg>'
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
