"""Pictures as SVG, by hand: boxes, words and arrows that read by day and by night. The same things give the same bytes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

WIDTH: Final = 1000

CODE: Final = 0.602
"""How wide a letter of a monospaced font is, in its size; those of the prose are taken for as wide as `PROSE`."""
PROSE: Final = 0.56
LINE: Final = 14
"""From one line of small words to the next."""

_STYLE: Final = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
  .strong { font-weight: 600 } .head { font-size: 14px; font-weight: 600 } .small { font-size: 10.5px }
  .dim { fill: #59636e } .joint { fill: #8250df; font-size: 10.5px }
  .ground { fill: #ffffff } .floor { fill: #f6f8fa } .room { fill: #ffffff; stroke: #d1d9e0 } .part { fill: #f1f3f5; stroke: #d1d9e0 }
  .collector { fill: #eaf2fd; stroke: #c3d7f0 } .slo { fill: #e9f6ec; stroke: #c2e2ca } .alerts { fill: #fdf0e4; stroke: #f1d6bb }
  .dashboards { fill: #f9ecf4; stroke: #ebcbdf } .instrumentation { fill: #fbf6d9; stroke: #e8dfa8 }
  .arrow { fill: none; stroke: #818b98; stroke-width: 1.3 } .tip { fill: #818b98 }
  .by { stroke: #8250df; stroke-dasharray: 4 3 } .by-tip { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .dim { fill: #9198a1 } .joint { fill: #b392f0 }
    .ground { fill: #0d1117 } .floor { fill: #151b23 } .room { fill: #0d1117; stroke: #3d444d } .part { fill: #212830; stroke: #3d444d }
    .collector { fill: #12243a; stroke: #27496d } .slo { fill: #12291b; stroke: #27573a } .alerts { fill: #33220f; stroke: #6b4a22 }
    .dashboards { fill: #311a2a; stroke: #653a57 } .instrumentation { fill: #2b270c; stroke: #5d541f }
    .arrow { stroke: #7d8590 } .tip { fill: #7d8590 } .by { stroke: #b392f0 } .by-tip { fill: #b392f0 }
  }
"""


Point = tuple[float, float]


class Box(NamedTuple):
    """A place in a picture."""

    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> float:
        """Its middle from left to right."""
        return self.x + self.w / 2

    @property
    def centre(self) -> float:
        """Its middle from top to bottom."""
        return self.y + self.h / 2

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.h


class Picture:
    """What is drawn, in the order it is drawn in."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shapes: list[str] = []

    def box(self, box: Box, kind: str, radius: float = 6) -> None:
        """A box of a kind that the style knows."""
        x, y, w, h = map(_number, box)
        self._shapes.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{w}" height="{h}" rx="{_number(radius)}"/>')

    def words(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """One line of words; none where there is nothing to say. What is marked as code in them is not marked here."""
        if not words:
            return
        where = f' text-anchor="{anchor}"' if anchor != "start" else ""
        style = f' class="{kind}"' if kind else ""
        self._shapes.append(
            f'<text{style} x="{_number(x)}" y="{_number(y)}"{where}>{escape(words.replace("`", ""))}</text>'
        )

    def paragraph(self, box: Box, words: str, kind: str = "small dim", letter: float = PROSE) -> float:
        """Small words in as many lines as they need below the top of a box; where they end."""
        y = box.y
        for line in wrapped(words, box.w, 10.5, letter):
            y += LINE
            self.words(box.x, y, line, kind)
        return y

    def arrow(self, points: Sequence[Point], kind: str = "") -> None:
        """A line through points, with a tip at its end; its corners are round."""
        style, tip = (f"arrow {kind}", f"{kind}-tip") if kind else ("arrow", "tip")
        self._shapes.append(f'<path class="{style}" d="{_path(points)}"/>')
        self._shapes.append(f'<path class="{tip}" d="{_tip(points[-2], points[-1])}"/>')

    def svg(self, height: float) -> str:
        """The picture, as high as that."""
        body = "\n".join(f"  {shape}" for shape in self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_number(height)}" width="{WIDTH}" '
            f'role="img" aria-label={quoteattr(self._title)}>\n<style>{_STYLE}</style>\n'
            f'  <rect class="ground" width="{WIDTH}" height="{_number(height)}" rx="8"/>\n{body}\n</svg>\n'
        )


def wrapped(words: str, width: float, size: float = 10.5, letter: float = PROSE) -> list[str]:
    """Words in lines that are not wider than that."""
    return textwrap.wrap(words, max(8, int(width / (size * letter)))) or [""]


def _path(points: Sequence[Point], radius: float = 7) -> str:
    """Through all points in turn, round every corner."""
    path = f"M{_pair(points[0])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path += f"L{_pair(_towards(corner, before, radius))}Q{_pair(corner)} {_pair(_towards(corner, after, radius))}"
    return f"{path}L{_pair(points[-1])}"


def _towards(a: Point, b: Point, most: float) -> Point:
    """The point on the way from a to b, `most` away, or half of the way."""
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    part = min(most, length / 2) / length if length else 0
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _tip(a: Point, b: Point) -> str:
    x, y = _towards(b, a, 7)
    across = (b[1] - y) / 2, (x - b[0]) / 2
    corners = [b, (x + across[0], y + across[1]), (x - across[0], y - across[1])]
    return f"M{'L'.join(map(_pair, corners))}Z"


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
