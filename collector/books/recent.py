"""Requests that are remembered for a while by the digest of their bytes, so that nothing is counted twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from ...slo import DAY, MINUTE, Interval
from ..receipt import REMEMBERED, Receipt

MOST: Final = 1_000_000
"""Requests remembered at most; what is sent again beyond is then counted again. Each takes about 120 bytes."""

SPAN: Final = 3 * MINUTE
"""Seconds of which all is held, and forgotten, together."""

MOST_ALIKE: Final = 10_000
"""Receipts that are held once, whoever got them."""


class Recent:
    """Digests of requests seen in the last `REMEMBERED` seconds, with their receipts, in memory and in the ledger. A part of the books.

    They are held by the span they were seen in.
    """

    def __init__(self, entries: Iterable[tuple[int, bytes, Receipt]] = ()) -> None:
        self._spans: dict[int, dict[bytes, Receipt]] = {}
        self._alike: dict[Receipt, Receipt] = {}
        self._staged: dict[bytes, tuple[float, Receipt]] = {}
        self._kept: Interval | None = None
        for seen, key, receipt in entries:
            self._remember(seen, key, receipt)

    def get(self, key: bytes) -> Receipt | None:
        """The receipt of the request with this digest, as the open transaction sees it; None where it is not remembered."""
        staged = self._staged.get(key)
        return self.committed(key) if staged is None else staged[1]

    def committed(self, key: bytes) -> Receipt | None:
        """As `get`, for other threads: only what is committed."""
        for span in tuple(self._spans.values()):
            if (found := span.get(key)) is not None:
                return found
        return None

    def put(self, key: bytes, receipt: Receipt, seen: float) -> None:
        """Stages a request. With `MOST` remembered there is no room, until some are forgotten."""
        if len(self) < MOST:
            self._staged[key] = seen, receipt

    def expire(self, now: float) -> None:
        """Stages the forgetting of what is old enough, and of what a clock that jumped dated far ahead."""
        kept = Interval(int(now - REMEMBERED) // SPAN * SPAN, (int(now) + DAY) // SPAN * SPAN)
        if not all(kept.start <= start < kept.end for start in self._spans):
            self._kept = kept

    def __len__(self) -> int:
        return sum(map(len, self._spans.values()))

    @property
    def changed(self) -> bool:
        """Whether requests come or go."""
        return bool(self._staged or self._kept)

    def write(self, connection: sqlite3.Connection) -> None:
        """Appends the new ones and cuts off the old ones."""
        if self._kept:
            connection.execute("DELETE FROM digest WHERE seen < ? OR seen >= ?", self._kept)
        rows = [
            (seen, key, receipt.accepted, receipt.rejected, receipt.reason)
            for key, (seen, receipt) in self._staged.items()
        ]
        connection.executemany("INSERT INTO digest VALUES (?, ?, ?, ?, ?)", rows)

    def keep(self) -> None:
        """What was staged is true now."""
        for key, (seen, receipt) in self._staged.items():
            self._remember(seen, key, receipt)
        if self._kept:
            self._spans = {at: span for at, span in self._spans.items() if self._kept.start <= at < self._kept.end}
        self.forget()

    def forget(self) -> None:
        """What was staged never was."""
        self._staged.clear()
        self._kept = None

    def _remember(self, seen: float, key: bytes, receipt: Receipt) -> None:
        if len(self._alike) >= MOST_ALIKE:
            self._alike.clear()
        span = self._spans.setdefault(int(seen) // SPAN * SPAN, {})
        span[key] = self._alike.setdefault(receipt, receipt)


def digests(connection: sqlite3.Connection) -> Recent:
    """What a ledger remembers."""
    rows = connection.execute("SELECT seen, digest, accepted, rejected, reason FROM digest ORDER BY seen")
    return Recent((int(seen), key, Receipt(*said)) for seen, key, *said in rows)
