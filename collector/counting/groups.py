"""Rows in groups of what is alike, numbered and summed up without looking at each."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn

_SPARSE: Final = 4
_FEW: Final = 4096
"""Codes are counted off in an array of all there could be, unless those are so many more than rows."""


class Groups(NamedTuple):
    """The distinct codes of rows, in order, and which of them each row has."""

    codes: IntColumn
    of: IntColumn

    @classmethod
    def by(cls, codes: IntColumn, most: int) -> Groups:
        """Groups rows by their codes, all of which are from 0 to below `most`."""
        if most > _SPARSE * len(codes) + _FEW:
            found, of = np.unique(codes, return_inverse=True)
            return cls(found, of)
        seen = np.zeros(most, np.bool_)
        seen[codes] = True
        found = np.flatnonzero(seen)
        if len(found) == most:
            return cls(found, codes)
        numbers = np.empty(most, np.int64)
        numbers[found] = np.arange(len(found))
        return cls(found, numbers[codes])

    def __len__(self) -> int:
        return len(self.codes)

    def first(self) -> NDArray[np.intp]:
        """A row of each group: its first one."""
        found = np.empty(len(self.codes), np.intp)
        found[self.of[::-1]] = np.arange(len(self.of))[::-1]
        return found

    def sums(self, column: IntColumn) -> IntColumn:
        """The sum of a column over each group."""
        if len(self.codes) == 1:
            return np.array([column.sum()], np.int64)
        found = np.zeros(len(self.codes), np.int64)
        np.add.at(found, self.of, column)
        return found

    def least(self, column: IntColumn) -> IntColumn:
        """The least number of a column in each group."""
        if len(column) and column.min() == column.max():
            return np.full(len(self.codes), column[0])
        found = np.full(len(self.codes), np.iinfo(np.int64).max)
        np.minimum.at(found, self.of, column)
        return found
