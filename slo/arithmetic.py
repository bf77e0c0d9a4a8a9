"""Exact comparison of whole counts with rational limits, for arrays.

Floating point decides what it can decide beyond doubt (a relative margin a thousand times its own error); the few cases left near
the limit are decided by integers. So an array pass costs what floats cost, and equality is still strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_DOUBT: Final = 1e-12


def compare(
    bad: IntArray,
    total: IntArray,
    limits: Sequence[Fraction],
    limit_floats: FloatArray,
    stretch: IntArray,
    covered: IntArray,
) -> NDArray[np.int8]:
    """The sign of bad - limit x total x stretch / covered, row by row, exactly: 1 above, 0 equal, -1 below.

    All arrays have one row an item; `limit_floats` are `limits` as floats, made once by the caller. `covered` is at least 1.
    """
    allowed = limit_floats * total * (stretch / covered)
    difference = bad - allowed
    signs = np.sign(difference).astype(np.int8)
    doubtful = np.abs(difference) <= _DOUBT * allowed
    doubtful &= (bad != 0) | (total != 0)
    for row in np.flatnonzero(doubtful).tolist():
        exact = int(bad[row]) * int(covered[row]) - limits[row] * int(total[row]) * int(stretch[row])
        signs[row] = (exact > 0) - (exact < 0)
    return signs
