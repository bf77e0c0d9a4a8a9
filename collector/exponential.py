"""The boundaries of an exponential histogram's buckets, from its scale and offset.

Source: OpenTelemetry metrics data model, ExponentialHistogram: bucket i lies in (base**i, base**(i + 1)], base = 2**(2**-scale).
"""

from __future__ import annotations

from typing import Final

import numpy as np

_BEYOND: Final = 5_000
"""Powers of two beyond what a float can hold, in either direction."""


def upper_bounds(scale: int, offset: int, buckets: int) -> tuple[float, ...]:
    """The upper bounds of `buckets` positive buckets, the first of index `offset`; they never fall, and are exact for powers of two.

    Beyond what a float can hold a bound is 0.0 or infinity.
    """
    index = np.arange(offset + 1, offset + buckets + 1, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        power = np.clip(np.ldexp(index, -max(-_BEYOND, min(scale, _BEYOND))), -_BEYOND, _BEYOND)
        whole = np.floor(power)
        bounds = np.ldexp(np.exp2(power - whole), whole.astype(np.int32))
    return tuple(np.maximum.accumulate(bounds).tolist())
