"""Texts from outside made harmless: one line, no control characters, and no longer than there is room for."""

from __future__ import annotations

import unicodedata
from typing import Final

SUMMARY_MOST: Final = 256
"""Characters of a summary: what a phone's lock screen and the subject of an e-mail hold."""

DESCRIPTION_MOST: Final = 4_096
"""Bytes of a description."""

NAME_MOST: Final = 100
"""Characters of a name inside a text: the figures after it are never cut off."""

FACT_MOST: Final = 600
"""Characters of one fact."""

CUT: Final = "\N{HORIZONTAL ELLIPSIS}"

_ENDS: Final = (".", "!", "?", CUT)

_INVISIBLE: Final = ("C", "Zl", "Zp")
"""Control and format characters, which turn text around or hide it, lone surrogates, and other ends of lines."""


def plain(text: str, most: int = FACT_MOST) -> str:
    """One line of at most `most` characters, of what can be seen."""
    # Of a text of megabytes only its beginning is looked at.
    seen = "".join(" " if unicodedata.category(each).startswith(_INVISIBLE) else each for each in text[: 8 * most])
    return clipped(" ".join(seen.split()), most)


def name(text: str) -> str:
    """A name as texts say it."""
    return plain(text, NAME_MOST)


def flowing(text: str) -> str:
    """Spaces and ends of lines run together."""
    return " ".join(text.split())


def sentence(text: str, before: str = "") -> str:
    """A sentence of a fact, after some words; nothing where there is no fact."""
    said = f"{before}{text}" if text else ""
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(_ENDS) or not said else '.'}"


def clipped(text: str, most: int) -> str:
    """At most so many characters, and a sign where some are missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + CUT


def clipped_bytes(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, and a sign where some are missing."""
    written = text.encode()
    return text if len(written) <= most else written[: most - len(CUT.encode())].decode(errors="ignore").rstrip() + CUT
