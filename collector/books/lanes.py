"""Lanes: the SLOs that time the events of some tracks of one version, by number, so that durations are binned as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..columns import IntColumn
from ..senders.service_version import ServiceVersion
from .version_durations import BINS, bins_of

NOBODY = 0
"""The lane of tracks that nobody times."""


class Lanes:
    """All lanes, and which each track is in."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[int, ...], ServiceVersion], int] = {((), ServiceVersion("")): NOBODY}
        self._tracks: list[int] = []
        self._of: IntColumn = np.empty(0, np.int64)

    def add(self, slos: tuple[int, ...], version: ServiceVersion) -> None:
        """One more track, timed by these SLOs."""
        key = (slos, version)
        self._tracks.append(self._numbers.setdefault(key, len(self._numbers)) if slos else NOBODY)

    @property
    def all(self) -> Sequence[tuple[tuple[int, ...], ServiceVersion]]:
        """The SLOs and the version of each lane."""
        return tuple(self._numbers)

    def of(self, tracks: IntColumn) -> IntColumn:
        """The lanes of some tracks."""
        if len(self._of) != len(self._tracks):
            self._of = np.array(self._tracks, np.int64)
        return self._of[tracks]


def add_binned(bins: dict[int, IntColumn], lanes: IntColumn, of_row: IntColumn, durations: IntColumn) -> None:
    """Adds the durations of rows to the bins of their lanes: row i is in the lane `lanes[of_row[i]]`."""
    if not lanes.any():
        return
    distinct, index = np.unique(lanes, return_inverse=True)
    codes = index[of_row] * BINS + bins_of(durations)
    counts = np.bincount(codes, minlength=len(distinct) * BINS).reshape(-1, BINS)
    for lane, row in zip(distinct.tolist(), counts, strict=True):
        if lane != NOBODY:
            bins[lane] = bins[lane] + row if lane in bins else row
