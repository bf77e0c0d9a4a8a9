"""Text in Grafana's files: what is not ours to expand stays as it is.

Grafana puts environment variables (`$HOME`) into every text of its files but queries; labels and annotations are templates besides. So
nothing written here contains a dollar sign that somebody else wrote.
"""

from __future__ import annotations

from typing import Final

from ..go_template import literal

LONGEST_TITLE: Final = 190
"""Grafana's own limit."""

_DOLLAR: Final = r'{{ "\u0024" }}'


def plain(text: str) -> str:
    """Text of titles, names and addresses: `$$` stands for a dollar sign."""
    return text.replace("$", "$$")


def title(name: str, rest: str) -> str:
    """A title that begins with a name, cut where it is too long."""
    kept = LONGEST_TITLE - len(rest)
    return plain(name if len(name) <= kept else f"{name[: kept - 1]}\N{HORIZONTAL ELLIPSIS}") + rest


def template(text: str) -> str:
    """Text of labels and annotations: the template engine writes the dollar sign."""
    return literal(text).replace("$", _DOLLAR)
