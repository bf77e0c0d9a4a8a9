"""Pages of which a command writes some parts: those that stand between its markers. All else is somebody's prose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def filled(text: str, parts: Mapping[str, str]) -> str:
    """The page with each part between its `<!-- made: NAME -->` and `<!-- end -->`; ValueError where a part has no such place."""
    for name, part in parts.items():
        begin, end = f"<!-- made: {name} -->\n", "<!-- end -->"
        place = re.compile(f"{re.escape(begin)}.*?{end}", re.DOTALL)
        if len(place.findall(text)) != 1:
            raise ValueError(f"the page needs one place for the part {name!r}, and has {len(place.findall(text))}")
        before, after = place.split(text)
        text = f"{before}{begin}\n{part}\n\n{end}{after}"
    return text


def fill(page: Path, parts: Mapping[str, str]) -> None:
    """Writes the parts into a page."""
    page.write_text(filled(page.read_text(encoding="utf-8"), parts), encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table that is one in a terminal too: its columns stand below one another, numbers to the right."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    right = [
        column > 0 and all(re.fullmatch(r"[\d,./: -]+", row[column]) for row in rows) for column in range(len(head))
    ]
    lines = [
        _line(
            [text.rjust(width) if r else text.ljust(width) for text, width, r in zip(row, widths, right, strict=True)]
        )
        for row in cells
    ]
    rule = [f"{'-' * (width - r)}{':' * r}" for width, r in zip(widths, right, strict=True)]
    return "\n".join([lines[0], _line(rule), *lines[1:]])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
