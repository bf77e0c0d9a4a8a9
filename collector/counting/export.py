"""One request's metric points, and who sent them: what of them each step asks for again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn, Points, RowNumbers, nanoseconds
from ..ledger.buckets import bucket_of
from ..senders.origin import SenderOrigin, digest_of, identity_of


class Export:
    """The points of one request, the origin of each of their resources, and when they came.

    `booked` is when each point is booked, in nanoseconds: when its interval ended, or when it came. `streams` tells the streams of one
    metric of one resource apart.
    """

    def __init__(self, points: Points, origins: Sequence[SenderOrigin], received: float) -> None:
        self.points = points
        self.origins = origins
        self.received = received
        self.booked: IntColumn = np.minimum(points.end, nanoseconds(received))
        self.streams = _streams(points)

    def buckets(self, rows: RowNumbers) -> IntColumn:
        """The second at which the bucket of each row begins."""
        return bucket_of(self.booked[rows])

    def named(self, names: Sequence[int]) -> NDArray[np.bool_]:
        """The rows whose metric is one of these."""
        chosen = np.zeros(len(self.points.names), np.bool_)
        chosen[names] = True
        return chosen[self.points.name]

    def pairs(self, rows: RowNumbers) -> tuple[list[tuple[int, int]], IntColumn]:
        """The distinct pairs of resource and metric, and which of them each row has."""
        several = len(self.points.names)
        codes = self.points.resource[rows] * several + self.points.name[rows]
        if len(codes) and (codes == codes[0]).all():
            return [divmod(int(codes[0]), several)], np.zeros(len(codes), np.int64)
        numbers, of = np.unique(codes, return_inverse=True)
        return [divmod(number, several) for number in numbers.tolist()], of

    def identities(self, rows: RowNumbers) -> NDArray[np.uint64]:
        """128 bits of resource and metric, as two numbers a row."""
        pairs, of = self.pairs(rows)
        found = np.empty((len(pairs), 2), "<u8")
        for index, (resource, name) in enumerate(pairs):
            identity = identity_of(self.origins[resource].digest, self.points.names[name])
            found[index] = np.frombuffer(identity, "<u8")
        return found[of]


def _streams(points: Points) -> IntColumn:
    """The decoder's numbers, or digests of the labels where there are none."""
    if points.stream is not None:
        return points.stream
    digests = [int.from_bytes(digest_of(labels)[:8], "little", signed=True) for labels in points.labels]
    return np.array(digests, np.int64)[points.label]
