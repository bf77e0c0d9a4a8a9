"""Text that others sent, as a terminal may show it."""

from __future__ import annotations


def plain(text: str) -> str:
    """In one line and without anything that a terminal would obey, or that turns round what follows."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def plain_lines(text: str) -> str:
    """The same, line by line."""
    return "\n".join(map(plain, text.splitlines()))
