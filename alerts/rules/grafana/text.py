"""Text in Grafana's files: what is not ours to expand stays as it is.

Grafana puts environment variables (`$HOME`) into every text of its files but queries; labels and annotations are templates besides. So
nothing written here contains a dollar sign that somebody else wrote.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from ..go_template import literal

LONGEST_TITLE: Final = 190
"""Grafana's own limit, of titles and of groups' names."""
_DIGEST: Final = 8

_DOLLAR: Final = r'{{ "\u0024" }}'


def plain(text: str) -> str:
    """Text of titles, names and addresses: `$$` stands for a dollar sign."""
    return text.replace("$", "$$")


def title(name: str, rest: str) -> str:
    """A title that begins with a name; where that is too long, with as much of it as fits before a digest of the whole."""
    kept = LONGEST_TITLE - len(rest)
    if len(name) > kept:
        name = f"{name[: kept - _DIGEST - 1]}-{sha256(name.encode()).hexdigest()[:_DIGEST]}"
    return plain(name) + rest


def template(text: str) -> str:
    """Text of labels and annotations: the template engine writes the dollar sign."""
    return literal(text).replace("$", _DOLLAR)
