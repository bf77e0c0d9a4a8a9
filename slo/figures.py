"""Numbers for people: on pages, in messages, in reasons. Whatever is rounded is rounded here, after every decision, and against us.

What is left is rounded down, what was spent or burns is rounded up, and nothing below 100 % is ever shown as 100 %. So a rounded
figure never promises more than the exact one.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from .objective import Objective
from .unit import Unit
from .window import DAY, HOUR, MINUTE

Number = Fraction | float | int

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"

_UNITS: Final = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))
_COMPACT: Final = {"min": "m"}
_MILLISECOND: Final = Fraction(1, 1000)
_MANY: Final = 1_000_000_000
_MOST_DECIMALS: Final = 40
_TODAY: Final = 20 * HOUR
"""A time of day within that many seconds can't be mistaken for another day's."""


def percent(ratio: Number, digits: int | None = 1) -> str:
    """A share in per cent, rounded down: 0.99995 is `99.9 %`, a little over nothing `under 0.1 %`. `digits` None: all there are."""
    share = Fraction(ratio) * 100
    if digits is None:
        return f"{exact(share)} %"
    grid = 10**digits
    if 0 < share * grid < 1:
        return f"under {_decimal(1, grid)} %"
    return f"{_decimal(math.floor(share * grid), grid)} %"


def objective(promised: Objective) -> str:
    """An objective in per cent, every digit of it: `99.99 %`."""
    return percent(Fraction(promised.target), digits=None)


def burn(rate: Number | None) -> str:
    """A burn rate, rounded up to a tenth: a rate above a limit of tenths is never shown as equal to it, nor one below as above."""
    if rate is None:
        return NOTHING
    tenths = Fraction(rate) * 10
    if 0 < tenths < 1:
        return "under 0.1x"
    if tenths >= 1000:
        return f"{math.ceil(tenths / 10):,}x"
    return f"{_decimal(math.ceil(tenths), 10)}x"


def factor(rate: Fraction) -> str:
    """The burn rate a rule begins at, which is no measurement and so not rounded up: `14.4`, `13.44`."""
    return f"{float(rate):g}"


def exact(number: Fraction) -> str:
    """Every digit where they end within 39 decimals, 17 where they do not, and never an exponent: `0.0001`."""
    decimals = next((n for n in range(_MOST_DECIMALS) if 10**n % number.denominator == 0), None)
    if decimals is None:
        return format(Decimal(repr(float(number))), "f")
    whole, rest = divmod(abs(number.numerator) * 10**decimals // number.denominator, 10**decimals)
    tail = f".{rest:0{decimals}d}" if decimals else ""
    return f"{'-' if number < 0 else ''}{whole}{tail}"


def duration(seconds: Number, *, up: bool = False, compact: bool = False) -> str:
    """A length of time in its two largest units, rounded down (`up`: up): `4 min 19 s`, `250 ms`; `compact`: `4m 19s`, `250ms`.

    `ValueError` for a negative one.
    """
    length = Fraction(seconds)
    if length < 0:
        raise ValueError("a length of time is not negative: say what it is over by")
    if 0 < length < _MILLISECOND:
        return f"under {_spelt([(1, 'ms')], compact=compact)}"
    return _spelt(_parts(length, up=up), compact=compact)


def threshold(seconds: Decimal) -> str:
    """How quick is quick, exactly: `250 ms`, `2.5 s`."""
    thousandths = Fraction(seconds) * 1000
    return (
        f"{thousandths} ms" if thousandths < 1000 and thousandths.denominator == 1 else f"{exact(Fraction(seconds))} s"
    )


def count(number: Number, *, up: bool = False) -> str:
    """A number of things, rounded down (`up`: up) to whole ones: `1,204`, `-108`, `1,234.5 million`."""
    whole = math.ceil(Fraction(number)) if up else math.floor(Fraction(number))
    if abs(whole) >= _MANY:
        return f"{_decimal(_divide(whole * 10, 1_000_000, up=up), 10)} million"
    return f"{whole:,}".replace("-", MINUS)


def bad(number: int, unit: Unit) -> str:
    """What was bad, in the words of its unit: `3 failed events`, `1.5 bad slices`."""
    if unit is Unit.EVENTS:
        return f"{count(number)} failed event{'' if number == 1 else 's'}"
    return f"{exact(Fraction(number, unit.one))} bad slice{'' if number == unit.one else 's'}"


def parts(number: Number, *, up: bool = False) -> str:
    """A number of things that may be parts of one, rounded down (`up`: up) to thousandths: `4.32`."""
    return _decimal(_divide(Fraction(number) * 1000, 1, up=up), 1000)


def share(ratio: Number, *, up: bool = False) -> str:
    """A small share in per cent, rounded down (`up`: up) to four decimals: `0.0123 %`."""
    return f"{_decimal(_divide(Fraction(ratio) * 1_000_000, 1, up=up), 10_000)} %"


def requests(number: Number, *, up: bool = False) -> str:
    """`1 request`, `1,204 requests`."""
    said = count(number, up=up)
    return f"{said} request" if said == "1" else f"{said} requests"


def clock(seconds: float, now: float) -> str:
    """A moment in UTC: the time of day within the last 20 hours, the date with it otherwise."""
    if 0 <= now - seconds < _TODAY:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%H:%M:%S} UTC"
    return f"{moment(seconds, with_date=True)} UTC"


def since(began: float, now: float) -> str:
    """`since 03:12:40 UTC (4 min)`."""
    return f"since {clock(began, now)} ({duration(max(0, int(now) - int(began)))})"


def moment(seconds: float, *, with_date: bool) -> str:
    """A moment in UTC to the minute, for an axis that says so."""
    when = datetime.fromtimestamp(int(seconds), UTC)
    return f"{when.day} {when:%b %H:%M}" if with_date else f"{when:%H:%M}"


def _parts(length: Fraction, *, up: bool) -> list[tuple[int, str]]:
    """The two largest units of a length and how many there are of each; of less than a second, milliseconds."""
    round_ = math.ceil if up else math.floor
    if length > 0 and (thousandths := round_(length * 1000)) < 1000:
        return [(thousandths, "ms")]
    whole = round_(length)
    larger = next((index for index, (_, size) in enumerate(_UNITS[:-1]) if whole >= size), None)
    return [(whole, "s")] if larger is None else _two_units(whole, larger, up=up)


def _two_units(whole: int, index: int, *, up: bool) -> list[tuple[int, str]]:
    """So many of the unit at `index`, and of the next smaller one; rounding up may fill the one above."""
    (unit, size), (small, small_size) = _UNITS[index], _UNITS[index + 1]
    large, rest = divmod(_divide(whole, small_size, up=up), size // small_size)
    if index > 0 and large * size == _UNITS[index - 1][1]:
        return [(1, _UNITS[index - 1][0])]
    return [(large, unit), (rest, small)] if rest else [(large, unit)]


def _spelt(parts: list[tuple[int, str]], *, compact: bool) -> str:
    return " ".join(f"{n}{_COMPACT.get(unit, unit)}" if compact else f"{n} {unit}" for n, unit in parts)


def _divide(number: int | Fraction, by: int, *, up: bool) -> int:
    return -(-number // by) if up else number // by


def _decimal(steps: int, grid: int) -> str:
    """`steps` of 1/`grid` as a decimal without a trailing `.0`."""
    whole, rest = divmod(abs(steps), grid)
    sign = MINUS if steps < 0 else ""
    tail = f".{rest:0{len(str(grid)) - 1}d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{tail}"
