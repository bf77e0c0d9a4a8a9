"""Exact numbers as a tired person reads them. Rounding goes against us: what is left is rounded down, what is over-spent up."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from ..slo import DAY, HOUR, MINUTE


def duration(seconds: Fraction | float) -> str:
    """Two units at most, rounded down: `38s`, `2m 38s`, `3h 10m`, `2d 4h`. A negative one is as long as its opposite."""
    whole = abs(math.trunc(seconds))
    for size, unit, smaller, name in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "m"), (MINUTE, "m", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size}{unit} {rest}{name}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def percent(ratio: Fraction) -> str:
    """A share, rounded down: whole per cents, tenths below 10 %."""
    share = ratio * 100
    if share >= 10:
        return f"{math.floor(share)} %"
    return f"{math.floor(share * 10) / 10:g} %"


def exact_percent(ratio: Decimal) -> str:
    """An objective in per cent, every digit of it: `99.99 %`."""
    return f"{format((ratio * 100).normalize(), 'f')} %"


def times(rate: Fraction) -> str:
    """A burn rate: `21x`, `3.2x`, `1,250x`."""
    return f"{float(rate):,.0f}x" if rate >= 100 else f"{float(rate):.3g}x"


def requests(count: Fraction) -> str:
    """Events, rounded down: `1,204 requests`."""
    whole = math.floor(count)
    return f"{whole:,} request" if whole == 1 else f"{whole:,} requests"
