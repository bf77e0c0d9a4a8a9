"""The boundaries of an exponential histogram's buckets, from its scale and offset.

Source: OpenTelemetry metrics data model, ExponentialHistogram: bucket i lies in (base**i, base**(i + 1)], base = 2**(2**-scale).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

MOST_BUCKETS: Final = 1000
"""More than this are not kept (the SDKs make at most 160): a scale and an offset are cheap to send and dear to spell out."""


@lru_cache(maxsize=1024)
def upper_bounds(scale: int, offset: int, buckets: int) -> tuple[float, ...]:
    """The upper bounds of `buckets` positive buckets, the first of index `offset`; exact for powers of two.

    Beyond what a float can hold a bound is 0.0 or infinity.
    """
    return tuple(_power(scale, index) for index in range(offset + 1, offset + buckets + 1))


def _power(scale: int, index: int) -> float:
    try:
        return math.exp2(math.ldexp(index, -scale))
    except OverflowError:
        return math.inf if index > 0 else 0.0
