"""The SLOs whose counts are not simply their events: corrected ones, slices of time, composites, and objectives that changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ...slo import SLO, Interval, TimeWindow
from ..columns import IntColumn
from ..ledger.buckets import Buckets
from ..ledger.days import series
from ..registry.catalogue import Catalogue
from .corrected import corrected
from .objectives import Objectives
from .slices import Slices
from .slicing import Slicing, slicing_of
from .stretches import Stretches


class Reckoned:
    """Knows which they are, and what is remembered of them. A part of the books that follows the buckets and writes nothing itself.

    Whoever asks holds `Ledger.visible`.
    """

    changed = False

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets, objectives: Objectives) -> None:
        self._connection = connection
        self._buckets = buckets
        self._slices: dict[tuple[int, Slicing, SLO], Slices] = {}
        self._cuts: dict[tuple[str, str, TimeWindow], Slices] = {}
        self._followed: tuple[int, int] | None = None
        self.objectives = objectives
        self.stretches = Stretches(connection, buckets)
        self.slos: Mapping[str, SLO] = {}
        self.names: frozenset[str] = frozenset()

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing: it follows what the buckets write."""

    def forget(self) -> None:
        """Nothing was added yet."""

    def keep(self) -> None:
        """Has anew what something was just booked in."""
        self.stretches.keep()
        rows = {row for row, *_ in self._slices}
        if rows:
            touched: dict[int, list[int]] = {}
            for row, t in self._buckets.written[:, :2].tolist():
                if row in rows:
                    touched.setdefault(row, []).append(t)
            for (row, *_), slices in self._slices.items():
                slices.touch(touched.get(row, ()))

    def follow(self, catalogue: Catalogue) -> None:
        """Takes in which SLOs there are now; `names` are those that are reckoned, `slos` all of them."""
        version = (catalogue.version, self.objectives.version)
        if version != self._followed:
            self._followed = version
            self.slos = {slo.name: slo for slo in catalogue.slos}
            self.names = frozenset(name for name, slo in self.slos.items() if self._is_reckoned(slo))
            self._cuts.clear()
            self._slices = {key: kept for key, kept in self._slices.items() if self._is_used(key, catalogue)}

    def with_members(self, names: Sequence[str]) -> Sequence[str]:
        """The names and, behind them, those of the SLOs that composites among them are made of."""
        if not self.names:
            return names
        found = list(dict.fromkeys(names))
        known = set(found)
        for name in found:
            for member in members(self.slos.get(name)):
                if member not in known:
                    known.add(member)
                    found.append(member)
        return found

    def slices(self, slo: SLO, member: SLO, row: int, window: TimeWindow) -> Slices:
        """The slices of a member of a composite, or of the SLO itself, in its row, as the SLO cuts them for a window."""
        key = slo.name, member.name, window
        found = self._cuts.get(key)
        if found is None:
            found = self._cuts[key] = self._cut(row, slicing_of(slo, member, window), member)
        return found

    def _cut(self, row: int, slicing: Slicing, slo: SLO) -> Slices:
        key = row, slicing, slo
        found = self._slices.get(key)
        if found is None:
            read = partial(_events, row, slicing.width, slo)
            found = self._slices[key] = Slices(slicing, self._connection, read)
        return found

    @property
    def unread(self) -> Sequence[tuple[Slices, Interval]]:
        """The slices that were asked for and that nobody has read yet."""
        return [(slices, slices.unread) for slices in self._slices.values() if slices.unread]

    def _is_reckoned(self, slo: SLO) -> bool:
        changed = len(self.objectives.of(slo.name)) > 1
        return bool(slo.slices or slo.sli.composite or slo.corrections or changed)

    def _is_used(self, key: tuple[int, Slicing, SLO], catalogue: Catalogue) -> bool:
        row, _, slo = key
        return self.slos.get(slo.name) == slo and catalogue.rows.get(slo.name) == row


def _events(row: int, width: int, slo: SLO, connection: sqlite3.Connection, within: Interval) -> IntColumn:
    """(t, good, total) of buckets, without those in corrected time."""
    rows = series(connection, width, row, within)[:, :3]
    for stretch in corrected(slo, within, width):
        rows = rows[(rows[:, 0] < stretch.start) | (rows[:, 0] >= stretch.end)]
    return rows


def members(slo: SLO | None) -> Iterator[str]:
    """The names of what a composite is made of; none of any other SLO."""
    if slo is not None and slo.sli.composite is not None:
        yield from (member.name for member in slo.sli.composite.members)
