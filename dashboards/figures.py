"""Numbers for people. This is the only place where anything is rounded, and always in the pessimistic direction.

What is left is rounded down, what was spent or burns is rounded up, and nothing below 100 % is ever shown as 100 %. So a rounded
figure never promises more than the exact one.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

Number = Fraction | float | int

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_TOO_LONG: Final = 1_000_000_000
_DAY: Final = 86_400


def percent(ratio: Number, digits: int | None = 1) -> str:
    """A share in per cent, rounded down: 0.99995 is `99.9 %`, a little over nothing `under 0.1 %`. `digits` None: all there are."""
    exact = Fraction(ratio) * 100
    if digits is None:
        return f"{_plain(exact)} %"
    grid = 10**digits
    steps = math.floor(exact * grid)
    if steps == 0 and exact > 0:
        return f"under {_decimal(1, grid)} %"
    return f"{_decimal(steps, grid)} %"


def burn(rate: Number | None) -> str:
    """A burn rate, rounded up to a tenth: a rate above a limit of tenths is never shown as equal to it, nor one below as above."""
    if rate is None:
        return NOTHING
    exact = Fraction(rate)
    if 0 < exact < Fraction(1, 10):
        return "under 0.1x"
    if exact >= 100:
        return f"{math.ceil(exact):,}x"
    return f"{_decimal(math.ceil(exact * 10), 10)}x"


def duration(seconds: Number, *, up: bool = False) -> str:
    """A length of time in its two largest units, rounded down (`up`: up): `4 min 19 s`, `3 h 10 min`, `under 1 s`."""
    exact = Fraction(seconds)
    if exact < 0:
        raise ValueError("a length of time is not negative: say what it is over by")
    if 0 < exact < 1:
        return _milliseconds(exact) if exact >= Fraction(1, 1000) else "under 1 ms"
    whole = math.ceil(exact) if up else math.floor(exact)
    for index, (unit, size) in enumerate(_UNITS[:-1]):
        if whole >= size:
            return _two_units(whole, index, unit, size, up=up)
    return f"{whole} s"


def count(number: Number, *, up: bool = False) -> str:
    """A number of things, rounded down (`up`: up) to whole ones: `1,204`, `-108`, `1,234.5 million`."""
    whole = math.ceil(Fraction(number)) if up else math.floor(Fraction(number))
    if abs(whole) >= _TOO_LONG:
        return f"{_decimal(_divide(whole * 10, 1_000_000, up=up), 10)} million"
    return f"{whole:,}".replace("-", MINUS)


def requests(number: Number, *, up: bool = False) -> str:
    """`1 request`, `1,204 requests`."""
    said = count(number, up=up)
    return f"{said} request" if said == "1" else f"{said} requests"


def clock(seconds: float, now: float) -> str:
    """A moment in UTC: the time of day within the last 20 hours, the date with it otherwise."""
    if 0 <= now - seconds < _DAY * 5 / 6:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%H:%M:%S} UTC"
    return f"{moment(seconds, with_date=True)} UTC"


def moment(seconds: float, *, with_date: bool) -> str:
    """A moment in UTC to the minute, for an axis that says so."""
    when = datetime.fromtimestamp(int(seconds), UTC)
    return f"{when.day} {when:%b %H:%M}" if with_date else f"{when:%H:%M}"


def _two_units(whole: int, index: int, unit: str, size: int, *, up: bool) -> str:
    """`whole` as so many of `unit` and of the next smaller one; rounding up may fill the larger unit."""
    small, small_size = _UNITS[index + 1]
    parts = _divide(whole, small_size, up=up)
    large, rest = divmod(parts, size // small_size)
    if index > 0 and large == _UNITS[index - 1][1] // size:
        return f"1 {_UNITS[index - 1][0]}"
    return f"{large} {unit} {rest} {small}" if rest else f"{large} {unit}"


def _milliseconds(exact: Fraction) -> str:
    return f"{math.floor(exact * 1000)} ms"


def _divide(number: int, by: int, *, up: bool) -> int:
    return -(-number // by) if up else number // by


def _decimal(steps: int, grid: int) -> str:
    """`steps` of 1/`grid` as a decimal without a trailing `.0`."""
    whole, rest = divmod(abs(steps), grid)
    sign = MINUS if steps < 0 else ""
    tail = f".{rest:0{len(str(grid)) - 1}d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{tail}"


def _plain(exact: Fraction) -> str:
    """A fraction that has a finite decimal, written out."""
    digits = 0
    while (exact * 10**digits).denominator != 1 and digits < 12:
        digits += 1
    return _decimal(math.floor(exact * 10**digits), 10**digits)
