"""How faults speak of what somebody wrote: values as their author sees them, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

_SHOWN: Final = 40


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`, did you mean `spec`?` where one of `allowed` is near; empty otherwise."""
    near = {each.lower(): each for each in allowed}
    found = difflib.get_close_matches(word.lower(), near, n=1, cutoff=0.6)
    return f", did you mean `{near[found[0]]}`?" if found else ""


def listed(words: Iterable[str]) -> str:
    """`a, b, c`, each in backticks."""
    return ", ".join(f"`{word}`" for word in words)


def describe(value: Any) -> str:
    """A value as its author sees it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value[:_SHOWN]!r}"
    return "a list" if isinstance(value, list) else "keys"


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """What is said of a key nobody reads."""
    known = tuple(allowed)
    near = did_you_mean(key, known)
    return f"unknown key `{key}`{near or ';'} allowed: {listed(known)}"
