"""A version beside what it is held against: their counts and their durations, of the same times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from ..collector.books.version_durations import VersionDuration
from ..collector.books.versions import KnownVersion
from ..slo.arithmetic import IntArray
from ..slo.gate.evidence import Durations


def sides(counted: IntArray, canary: KnownVersion, other: KnownVersion | None) -> IntArray:
    """Bad and total of the canary and of what it is held against, a row a bucket, of (start, version, good, total) a row."""
    starts, of = np.unique(counted[:, 0], return_inverse=True)
    sides = np.zeros((len(starts), 5), np.int64)
    sides[:, 0] = starts
    mine = counted[:, 1] == canary.number
    theirs = ~mine if other is None else counted[:, 1] == other.number
    for column, chosen in ((1, mine), (3, theirs)):
        good, total = counted[chosen, 2], counted[chosen, 3]
        np.add.at(sides[:, column], of[chosen], total - good)
        np.add.at(sides[:, column + 1], of[chosen], total)
    return sides[(sides[:, 2] > 0) | (sides[:, 4] > 0)]


def compared_durations(
    found: Iterable[VersionDuration], canary: KnownVersion, other: KnownVersion | None
) -> Durations | None:
    """Durations of both, in the bins that the canary has most of its own in; None where it has none."""
    known = list(found)
    sizes: Counter[int] = Counter()
    for each in known:
        if each.version == canary.number:
            sizes[each.binned.bounds] += int(each.binned.counts.sum())
    if not sizes:
        return None
    bounds = sizes.most_common(1)[0][0]
    alike = [each for each in known if each.binned.bounds == bounds]
    starts = np.array(sorted({each.t for each in alike}), np.int64)
    mine = np.zeros((len(starts), len(alike[0].binned.counts)), np.int64)
    theirs = np.zeros_like(mine)
    for each in alike:
        row = int(np.searchsorted(starts, each.t))
        if each.version == canary.number:
            mine[row] += each.binned.counts
        elif other is None or each.version == other.number:
            theirs[row] += each.binned.counts
    return Durations(starts, mine, theirs)
