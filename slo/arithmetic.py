"""Exact comparison of whole counts with rational limits, for arrays.

Floating point decides what it can decide beyond doubt (a relative margin a thousand times its own error); the few cases left near
the limit are decided by integers. So an array pass costs what floats cost, and equality is still strict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_DOUBT: Final = 1e-12


class Limits:
    """Rational limits beside their floats, which are made once."""

    def __init__(self, exact: Sequence[Fraction]) -> None:
        self.exact = exact
        self.floats: FloatArray = np.array([float(limit) for limit in exact], dtype=np.float64)

    def changed(self, limits: Mapping[int, Fraction]) -> Limits:
        """The same with others in some of the rows."""
        if not limits:
            return self
        made = Limits(())
        made.exact, made.floats = list(self.exact), self.floats.copy()
        for row, limit in limits.items():
            made.exact[row], made.floats[row] = limit, float(limit)
        return made


def compare(
    bad: IntArray, total: IntArray, limits: Limits, stretch: IntArray | np.int64, covered: IntArray
) -> NDArray[np.int8]:
    """The sign of bad - limit x total x stretch / covered, row by row, exactly: 1 above, 0 equal, -1 below.

    All have one row an item, but for a `stretch` that is the same for all of them. `covered` is at least 1.
    """
    stretches = np.broadcast_to(stretch, total.shape)
    allowed = limits.floats * total * (stretches / covered)
    difference = bad - allowed
    signs = np.sign(difference).astype(np.int8)
    doubtful = np.abs(difference) < _DOUBT * allowed
    for row in np.flatnonzero(doubtful).tolist():
        exact = int(bad[row]) * int(covered[row]) - limits.exact[row] * int(total[row]) * int(stretches[row])
        signs[row] = (exact > 0) - (exact < 0)
    return signs


def exceeds(bad: IntArray, total: IntArray, share: Fraction) -> BoolArray:
    """Whether bad > share x total, exactly, for each of many counts and one share."""
    difference = bad - float(share) * total
    above = difference > 0
    for row in np.flatnonzero(np.abs(difference) < _DOUBT * total).tolist():
        above[row] = int(bad[row]) > share * int(total[row])
    return above
