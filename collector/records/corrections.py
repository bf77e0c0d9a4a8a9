"""Corrections that people tell a running collector of: time taken out of SLOs besides what files say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ...slo import SLO, TIERS
from ...slo.correction import Correction
from ..ledger.staged import Staged

MOST_IN_FORCE: Final = 500
"""Corrections that a ledger takes at most: each is looked at in every window of every SLO that it concerns."""

_ALL: Final = """
SELECT id, slo, service, start, seconds, reason, author, rule, zone, made, ended, ended_by, ended_for FROM correction ORDER BY id
"""
_WRITE: Final = "INSERT OR REPLACE INTO correction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Ending(NamedTuple):
    """When a correction was taken back (epoch seconds), by whom, and why."""

    at: float
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class KeptCorrection:
    """A correction of one SLO with its groups or, where `slo` is empty, of all that `service` promises, made at `made` (epoch seconds).

    `id` is its own for ever. What has an `ending` is not in force any more, and stays known.
    """

    id: int
    slo: str
    service: str
    correction: Correction
    made: float
    ending: Ending | None = None

    def concerns(self, slo: SLO) -> bool:
        """Whether it is one of this SLO's."""
        return self.slo in (slo.name, slo.group_of) if self.slo else self.service == slo.service

    def is_over(self, now: float) -> bool:
        """Whether it can't concern any window ever again: taken back, or of a time of which nothing is kept."""
        one = self.correction
        return self.ending is not None or (not one.rule and one.start + one.seconds < now - TIERS[-1].kept)


class Corrections:
    """All corrections ever made. Changes are staged, in a part of the books; who asks sees those that are committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._known: Staged[int, KeptCorrection] = Staged(_read(connection))
        self._in_force = self._sorted()

    @property
    def kept(self) -> tuple[KeptCorrection, ...]:
        """All of them, the oldest first."""
        return tuple(self._known.kept.values())

    def corrected(self, slo: SLO) -> SLO:
        """An SLO with what is in force for it, behind what its file says."""
        concerning = {(slo.name, ""): None, (slo.group_of or slo.name, ""): None, ("", slo.service): None}
        found = [each for key in concerning for each in self._in_force.get(key, ())]
        if not found:
            return slo
        return replace(slo, corrections=(*slo.corrections, *(each.correction for each in found)))

    def add(self, slo: str, service: str, correction: Correction, now: float) -> KeptCorrection | None:
        """Stages a correction of an SLO or of a service; None where there is no room for one more."""
        known = [each for _, each in self._known.items()]
        if sum(not each.is_over(now) for each in known) >= MOST_IN_FORCE:
            return None
        made = KeptCorrection(max((each.id for each in known), default=0) + 1, slo, service, correction, now)
        self._known.put(made.id, made)
        return made

    def end(self, number: int, ending: Ending) -> KeptCorrection | None:
        """Stages that one is taken back; None where there is none of that number in force."""
        known = self._known.get(number)
        if known is None or known.ending is not None:
            return None
        ended = replace(known, ending=ending)
        self._known.put(number, ended)
        return ended

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what is staged."""
        connection.executemany(_WRITE, [_row(each) for each in self._known.changes.values() if each is not None])

    def keep(self) -> None:
        """What was staged is true now."""
        if self.changed:
            self._known.keep()
            self._in_force = self._sorted()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()

    def _sorted(self) -> dict[tuple[str, str], list[KeptCorrection]]:
        """Those in force, by SLO or by service."""
        found: dict[tuple[str, str], list[KeptCorrection]] = {}
        for each in self._known.kept.values():
            if each.ending is None:
                found.setdefault((each.slo, each.service), []).append(each)
        return found


def _read(connection: sqlite3.Connection) -> Iterator[tuple[int, KeptCorrection]]:
    for number, slo, service, start, seconds, reason, author, rule, zone, made, *ended in connection.execute(_ALL):
        ending = None if ended[0] is None else Ending(*ended)
        correction = Correction(start, seconds, reason, author, rule, zone)
        yield number, KeptCorrection(number, slo, service, correction, made, ending)


def _row(kept: KeptCorrection) -> tuple[object, ...]:
    one = kept.correction
    said = (one.start, one.seconds, one.reason, one.author, one.rule, one.zone)
    return (kept.id, kept.slo, kept.service, *said, kept.made, *(kept.ending or (None, None, None)))
