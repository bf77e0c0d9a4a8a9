"""A report as Markdown, as GitHub and GitLab show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ...slo.report import Report
from .blocks import Bar, Block, Heading, Paragraph, Plot, Table
from .content import blocks_of

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~$@&])")
_SCHEME: Final = re.compile(r"(?i)\b(https?|www)(?=[:.])")


def render_report_markdown(report: Report) -> str:
    """The whole document."""
    return "\n\n".join("\n".join(_written(block)) for block in blocks_of(report)) + "\n"


def plain(text: str) -> str:
    """Nothing of it is taken for markup, a link or a name."""
    return _SCHEME.sub("\\1\N{ZERO WIDTH SPACE}", _MARKS.sub(r"\\\1", text))


def _written(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield f"{'#' * level} {plain(text)}"
        case Paragraph(text):
            yield plain(text)
        case Table(heads, rows, numbers):
            yield from _table(heads, rows, numbers)
        case Plot(title, bars, limit):
            yield f"{plain(title)}:"
            yield ""
            yield from _table(
                ("Month", "", ""), [(bar.label, _drawn(bar, limit), bar.said) for bar in bars], frozenset()
            )


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]], numbers: frozenset[int]) -> Iterator[str]:
    names = list(heads)
    yield _row(names)
    yield _row(["--:" if n in numbers else "---" for n in range(len(names))], escaped=True)
    yield from map(_row, rows)


def _row(cells: Iterable[str], *, escaped: bool = False) -> str:
    return f"| {' | '.join(cell if escaped else plain(cell) for cell in cells)} |"


_LENGTH: Final = 20


def _drawn(bar: Bar, limit: float) -> str:
    """A bar of signs; a full one reaches the limit."""
    return "" if bar.value is None else "█" * min(_LENGTH, round(bar.value / limit * _LENGTH))
