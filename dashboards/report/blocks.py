"""What a report is made of, in whichever format it is written."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Final

_CONTROLS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; 1 is the report's own."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under heads; the columns of `numbers`, from 0 on, hold numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands for one step: `value` is null where nothing is known, `said` the same in words, `over` whether it is too much."""

    label: str
    value: float | None
    said: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars in a row, and a line across at `limit`."""

    title: str
    bars: tuple[Bar, ...]
    limit: float


Block = Heading | Paragraph | Table | Plot


def printed(block: Block) -> Block:
    """The same with each text in one line, of signs alone that can be read: no name moves a cursor, or turns round what follows."""
    match block:
        case Heading(level, text):
            return Heading(level, line(text))
        case Paragraph(text):
            return Paragraph(line(text))
        case Table(heads, rows, numbers):
            return Table(heads, tuple(tuple(map(line, row)) for row in rows), numbers)
        case Plot(title, bars, limit):
            return Plot(line(title), tuple(replace(bar, said=line(bar.said)) for bar in bars), limit)


def line(text: str) -> str:
    """In one line, and without what only controls."""
    shown = "".join(" " if unicodedata.category(sign) in _CONTROLS else sign for sign in text)
    return " ".join(shown.split())
