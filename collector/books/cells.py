"""Cells: an SLO and a version of its service, by number, so that what tracks feed is added up as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..columns import IntColumn
from ..senders.service_version import ServiceVersion


class Pairs:
    """Pairs of numbers, of which there are ever more."""

    def __init__(self) -> None:
        self._pairs: list[tuple[int, int]] = []
        self._columns: IntColumn = np.empty((2, 0), np.int64)

    def add(self, one: int, other: int) -> None:
        """One more."""
        self._pairs.append((one, other))

    @property
    def columns(self) -> IntColumn:
        """The first of each pair, and the second."""
        if len(self._pairs) != self._columns.shape[1]:
            self._columns = np.array(self._pairs, np.int64).T
        return self._columns


class Cells:
    """All cells there are."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, ServiceVersion], int] = {}
        self._versions: dict[ServiceVersion, int] = {}
        self._pairs = Pairs()

    def __len__(self) -> int:
        return len(self._cells)

    def of(self, slo: int, version: ServiceVersion) -> int:
        """The number of a cell."""
        cell = self._cells.get((slo, version))
        if cell is None:
            cell = self._cells[slo, version] = len(self._cells)
            self._pairs.add(slo, self._versions.setdefault(version, len(self._versions)))
        return cell

    @property
    def columns(self) -> IntColumn:
        """The SLO of each cell, and the index of its version in `versions`."""
        return self._pairs.columns

    @property
    def versions(self) -> Sequence[ServiceVersion]:
        """The versions of all cells, each once."""
        return tuple(self._versions)
