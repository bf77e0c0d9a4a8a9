"""A table as terminals show it."""

from __future__ import annotations

from collections.abc import Sequence

from .plain import plain


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of as many cells each, the first of them the heads, in columns as wide as their widest; a row is one line, whatever it holds."""
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in shown)
