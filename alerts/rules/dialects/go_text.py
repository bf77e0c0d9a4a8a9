"""Numbers, lengths of time and texts as programs in Go print them: by `strconv`, `time` and Prometheus' `model`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final

_WIDE: Final = 6
"""From an exponent of so much Go writes one."""

_YEAR, _WEEK, _DAY, _HOUR, _MINUTE = 365 * 86_400, 7 * 86_400, 86_400, 3_600, 60
_NAMED: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}

_DIGITS: Final = re.compile("[0-9]*")


def number(value: float) -> str:
    """A float by `%v`: as few digits as tell it from others, `0.0009999999999999432`, `5e-05`, `1e+06`, and `14` for 14.0."""
    digits = Decimal(repr(value)).normalize()
    if -5 < digits.adjusted() < _WIDE:
        return format(digits, "f")
    mantissa = str(digits.scaleb(-digits.adjusted()))
    return f"{mantissa}e{digits.adjusted():+03d}"


def decimal(value: float) -> str:
    """A float without an exponent, by `FormatFloat(value, 'f', -1, 64)`: `0.00005`."""
    return format(Decimal(repr(value)).normalize(), "f")


def duration(seconds: int) -> str:
    """A length of time as Prometheus prints it: `5m`, `6h26m`, `4w`. Years and weeks only where nothing is left over."""
    if not seconds:
        return "0s"
    parts, left = "", seconds
    for unit, size, exact in (
        ("y", _YEAR, True),
        ("w", _WEEK, True),
        ("d", _DAY, False),
        ("h", _HOUR, False),
        ("m", _MINUTE, False),
        ("s", 1, False),
    ):
        if left >= size and not (exact and left % size):
            parts += f"{left // size}{unit}"
            left %= size
    return parts


def go_duration(seconds: int) -> str:
    """A length of time as Go's `time.Duration` prints it: `2m0s`, `1h0m0s`."""
    hours, rest = divmod(seconds, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"


def quoted(text: str) -> str:
    """A string by `%q`, as Prometheus writes the values of labels."""
    return '"' + "".join(_NAMED.get(each) or (each if each.isprintable() else _escaped(each)) for each in text) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def in_order(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping in the order in which go-yaml writes one: numbers within names by what they count, letters behind all else."""
    return {name: mapping[name] for name in sorted(mapping, key=cmp_to_key(_ordered))}


def _ordered(one: str, other: str) -> int:
    """Where they stand to each other by the first character that differs."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return len(one) - len(other)
    a, b = one[at], other[at]
    if a.isalpha() or b.isalpha():
        return ord(a) - ord(b) if a.isalpha() and b.isalpha() else a.isalpha() - b.isalpha()
    return _counted(one, other, at) or ord(a) - ord(b)


def _counted(one: str, other: str, at: int) -> int:
    """Which of two numbers that differ from `at` on is the larger, or the longer; digits before it count where a zero follows."""
    before = re.search("[0-9]*$", one[:at])
    is_within = "0" in (one[at], other[at]) and before is not None and before[0].strip("0") != ""
    (more, length), (less, shorter) = (_number(text, at, before=int(is_within)) for text in (one, other))
    return more - less or length - shorter


def _number(text: str, at: int, before: int) -> tuple[int, int]:
    digits = _DIGITS.match(text, at)
    found = digits[0] if digits else ""
    return int(f"{before}{found}"), len(found)
