"""The counts of SLOs in windows at one moment, whole: what takes long to read is read first, while commits go on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from ...slo import Interval, Observation, TimeWindow
from ..ledger.days import one_moment
from ..ledger.tallies import NEVER
from .books import Books
from .reckoning import Moment, Reckoning
from .slices import Slices


class Observer:
    """Observes books, whose `Ledger.visible` it holds for what is quick. Of use from any thread."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._connection = books.ledger.reader()
        self._reading = threading.Lock()

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """Counts of every SLO in every window; see `Collector.observe`."""
        while True:
            with self._books.ledger.visible:
                observation = self._observed(names, windows, now)
                unread = self._books.reckoned.unread
            if not unread:
                return observation
            with self._reading:
                for slices, within in unread:
                    self._read(slices, within)

    def _read(self, slices: Slices, within: Interval) -> None:
        """Unless somebody else has: whoever is asked at the same time reads the same ones."""
        if slices.unread == within:
            with one_moment(self._connection):
                judged = slices.judged(self._connection, within)
            with self._books.ledger.visible:
                slices.take(judged)

    def _observed(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """As far as everything was read."""
        books, n = self._books, len(names)
        catalogue = books.registry.catalogue
        books.reckoned.follow(catalogue)
        asked = books.reckoned.with_members(names)
        # Row 0 is nobody's: an SLO that is not known reads zeroes there.
        rows = np.array([catalogue.rows.get(name, 0) for name in asked], np.intp)
        services = [catalogue.services.get(name, "") for name in asked]
        events = books.rolling.at(rows, windows, now)
        books.tallies.reserve(int(rows.max(initial=0)))
        since = np.where(rows > 0, books.tallies.since[rows], NEVER)
        heard = np.array([books.senders.heard.get(service, np.nan) for service in services], np.float64)
        silent = np.array([books.silences.is_silent(service) for service in services], np.bool_)
        allowed: Mapping[int, Sequence[Fraction]] = {}
        if books.reckoned.names:
            reckoning = Reckoning(books.reckoned, Moment(asked, windows, catalogue.rows, events, since, now))
            reckoning.hear(heard, silent)
            allowed = {row: each for row, each in reckoning.put_in().items() if row < n}
        return Observation(
            events[:n, :, 0], events[:n, :, 1], events[:n, :, 2], since[:n], heard[:n], silent[:n], allowed
        )

    def close(self) -> None:
        """Closes its connection."""
        self._connection.close()
