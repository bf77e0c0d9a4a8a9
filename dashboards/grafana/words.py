"""Somebody's text in panels of words."""

from __future__ import annotations

from typing import Final

_SPECIAL: Final = {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]()<>#+!|~"} | {ord("$"): "&#36;"}
"""Markup of Markdown, and where Grafana would put in a variable, which no backslash prevents."""


def markdown(words: str) -> str:
    """Somebody's text as plain words: no markup of theirs reaches the panel, and no variable is put in."""
    return " ".join(words.translate(_SPECIAL).split())
