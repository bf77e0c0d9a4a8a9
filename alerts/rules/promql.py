"""PromQL, written safely: exact numbers, quoted strings, valid label names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def string(text: str) -> str:
    """A quoted string that means exactly `text`."""
    return f'"{text.translate(_ESCAPES)}"'


def selector(metric: str, matchers: Mapping[str, str], *first: str) -> str:
    """`metric{name="value", ...}`, in the order given; `first` are other matchers, as PromQL has them."""
    inside = ", ".join((*first, *(f"{name}={string(value)}" for name, value in matchers.items())))
    return f"{metric}{{{inside}}}"


def label_name(text: str) -> str:
    """A valid label name that reads like `text`: `example.com/team` becomes `example_com_team`."""
    name = _NOT_IN_LABEL.sub("_", text)
    return name if name and not name[0].isdigit() else f"_{name}"
