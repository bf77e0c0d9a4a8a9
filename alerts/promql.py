"""PromQL, written safely: exact numbers, quoted strings, valid label names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_LONGEST_EXACT: Final = 40


def number(value: Fraction) -> str:
    """A number as a literal: every digit where it has an end, 17 digits where it has none. 0.0001 stays 0.0001."""
    digits = _terminates_after(value.denominator)
    if digits is None:
        return format(Decimal(repr(float(value))), "f")
    text = format(Decimal(value.numerator * 10**digits // value.denominator).scaleb(-digits), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _terminates_after(denominator: int) -> int | None:
    """Decimal places of a fraction in lowest terms; None when it never ends or ends too late."""
    return next((digits for digits in range(_LONGEST_EXACT) if 10**digits % denominator == 0), None)


def string(text: str) -> str:
    """A quoted string that means exactly `text`."""
    return f'"{text.translate(_ESCAPES)}"'


def selector(metric: str, matchers: Mapping[str, str]) -> str:
    """`metric{name="value", ...}`, in the order given."""
    inside = ", ".join(f"{name}={string(value)}" for name, value in matchers.items())
    return f"{metric}{{{inside}}}"


def label_name(text: str) -> str:
    """A valid label name that reads like `text`: `example.com/team` becomes `example_com_team`."""
    name = _NOT_IN_LABEL.sub("_", text)
    return name if name and not name[0].isdigit() else f"_{name}"


def literal_in_template(text: str) -> str:
    """Text that Go's template engine leaves as it is."""
    return text.replace("{{", '{{ "{{" }}')
