"""A plot of a report as SVG that needs nothing around it: no style sheet, no script, its words inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup, escape

from .blocks import Bar, Plot

WIDTH: Final = 600
HEIGHT: Final = 130
_GROUND: Final = 110
_TOP: Final = 14
_FINE: Final = "#2a7d5a"
_OVER: Final = "#c0392b"
_INK: Final = "#767676"


def plot_svg(plot: Plot) -> Markup:
    """Bars from the ground, those over the limit in another colour and with their value; a step of which nothing is known is a dash."""
    top = max([plot.limit * 1.2, *(bar.value for bar in plot.bars if bar.value is not None)])
    width = WIDTH / max(1, len(plot.bars))
    shapes = "".join(part for number, bar in enumerate(plot.bars) for part in _bar(bar, number * width, width, top))
    level = _y(plot.limit, top)
    line = f'<path d="M0 {level:.1f}H{WIDTH}" stroke="{_INK}" stroke-width="1" stroke-dasharray="4 3" fill="none"/>'
    return Markup(  # noqa: S704 - made of numbers and of escaped words
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(says(plot))}" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{shapes}{line}</svg>'
    )


def says(plot: Plot) -> str:
    """The plot in words."""
    return f"{plot.title}: " + "; ".join(f"{bar.label} {bar.said}" for bar in plot.bars)


def _bar(bar: Bar, left: float, width: float, top: float) -> Iterator[str]:
    middle = left + width / 2
    yield _text(middle, HEIGHT - 4, bar.label)
    if bar.value is None:
        yield _text(middle, _GROUND - 3, "-")
        return
    y = min(_y(bar.value, top), _GROUND - 0.5)
    colour = _OVER if bar.over else _FINE
    yield (
        f'<rect x="{left + width * 0.2:.1f}" y="{y:.1f}" width="{width * 0.6:.1f}" height="{_GROUND - y:.1f}" fill="{colour}"/>'
    )
    yield _text(middle, y - 3, bar.said.partition(" of ")[0])


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="9" font-family="sans-serif" text-anchor="middle" fill="{_INK}">{escape(text)}</text>'


def _y(value: float, top: float) -> float:
    return _GROUND - (_GROUND - _TOP) * min(1.0, max(0.0, value / top))
