"""Deployments: which version of a service went out when, as pipelines tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ...slo import HOUR, TIERS, Interval
from ..ledger.staged import Staged

KEPT: Final = TIERS[-1].kept
"""Seconds that deployments are kept for, as the coarsest counts are."""

MOST_OF_A_SERVICE: Final = 2_000
"""Deployments of one service that are known; the oldest makes room for a new one."""

MOST: Final = 20_000
"""Deployments of all services that are known; the oldest of all makes room for a new one."""

FAILS_WITHIN: Final = HOUR
"""Seconds after a deployment was done in which a page, or the gate, is still its failure."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version of a service going out: when that began, when it was done, and when it was taken back (epoch seconds, None: not said).

    `failed_gate` is when the gate first said that it may not go on. `author` and `commit` are empty where nobody said them.
    """

    service: str
    version: str
    started: float | None = None
    finished: float | None = None
    rolled_back: float | None = None
    author: str = ""
    commit: str = ""
    failed_gate: float | None = None
    id: int = 0

    @property
    def times(self) -> tuple[float, ...]:
        """What was said of its times, in the order in which they must come."""
        return tuple(each for each in (self.started, self.finished, self.rolled_back) if each is not None)

    @property
    def began(self) -> float:
        """When it began, as far as is known."""
        return self.times[0]

    @property
    def ended(self) -> float | None:
        """When it was done or taken back, whichever came first; None while it is under way."""
        return self.finished if self.finished is not None else self.rolled_back

    @property
    def is_in_order(self) -> bool:
        """Whether it began before it ended, and ended before it was taken back."""
        return self.times == tuple(sorted(self.times))

    def takes(self, said: Deployment) -> bool:
        """Whether what is said is of this one: it adds to it in order, or repeats it. The first word about a time counts."""
        if said.version != self.version or not self.with_more(said).is_in_order:
            return False
        again = said.started in {None, self.started} or self.started is None
        return again or self.ended is None

    def with_more(self, said: Deployment) -> Deployment:
        """The same, with what was not known of it."""
        return replace(
            self,
            started=said.started if self.started is None else self.started,
            finished=said.finished if self.finished is None else self.finished,
            rolled_back=said.rolled_back if self.rolled_back is None else self.rolled_back,
            author=self.author or said.author,
            commit=self.commit or said.commit,
        )


_Known = tuple[Deployment, ...]


class Deployments:
    """All deployments that are kept, in the order in which they began. A part of the books; who asks reads what is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        found: dict[str, _Known] = {}
        highest = 0
        for each in _read(connection, "", Interval(0, 2**62)):
            found[each.service] = (*found.get(each.service, ()), each)
            highest = max(highest, each.id)
        self._known: Staged[str, _Known] = Staged(found.items())
        self._next = highest + 1

    def say(self, said: Deployment, now: float) -> Deployment | str:
        """Stages what is said of a deployment, and returns all that is known of it now; or why nothing is kept, in words."""
        known = self._known.get(said.service) or ()
        told = next((each for each in reversed(known) if each.takes(said)), None)
        if told is not None:
            return self._put(known, told, told.with_more(said))
        if said.started is None and said.finished is None:
            return f"no deployment of {said.version!r} of {said.service!r} is known that was to be rolled back then"
        if len(known) < MOST_OF_A_SERVICE and sum(len(each) for _, each in self._known.items()) >= MOST:
            self._drop_oldest()
            known = self._known.get(said.service) or ()
        made = replace(said, id=self._next)
        self._next += 1
        kept = [each for each in known if each.times[-1] >= now - KEPT][-MOST_OF_A_SERVICE + 1 :]
        self._known.put(said.service, tuple(sorted([*kept, made], key=lambda each: each.began)))
        return made

    def fail_gate(self, service: str, version: str, at: float) -> None:
        """Stages that the gate stopped the newest deployment of a version, if that was not done for long; the first time counts."""
        known = self._known.get(service) or ()
        newest = next((each for each in reversed(known) if each.version == version), None)
        if newest is None or newest.failed_gate is not None:
            return
        if newest.ended is None or at < newest.ended + FAILS_WITHIN:
            self._put(known, newest, replace(newest, failed_gate=at))

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the deployments of services of which any changed."""
        for service, known in self._known.changes.items():
            before = set(self._known.kept.get(service, ()))
            gone = [(each.id,) for each in before.difference(known or ())]
            connection.executemany("DELETE FROM deployment WHERE id = ?", gone)
            connection.executemany(_WRITE, [_row(each) for each in known or () if each not in before])

    def keep(self) -> None:
        """What was staged is true now."""
        self._known.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()

    def _drop_oldest(self) -> None:
        """Stages that the one goes which began before all others."""
        service, known = min(self._known.items(), key=lambda each: each[1][0].began)
        if known[1:]:
            self._known.put(service, known[1:])
        else:
            self._known.remove(service)

    def _put(self, known: _Known, old: Deployment, new: Deployment) -> Deployment:
        if new != old:
            changed = (new if each is old else each for each in known)
            self._known.put(old.service, tuple(sorted(changed, key=lambda each: each.began)))
        return new


def deployments(connection: sqlite3.Connection, service: str, within: Interval) -> list[Deployment]:
    """Those that began within an interval, the oldest first; of all services where none is named."""
    return list(_read(connection, service, within))


def newest_deployment(connection: sqlite3.Connection, service: str, version: str) -> Deployment | None:
    """The one of a version that began last."""
    found = (each for each in _read(connection, service, Interval(0, 2**62)) if each.version == version)
    return max(found, key=lambda each: each.began, default=None)


def last_deployment(connection: sqlite3.Connection, service: str, within: Interval) -> Deployment | None:
    """The one of a service that began last within an interval."""
    return next(_read(connection, service, within, _LAST), None)


_WRITE: Final = "INSERT INTO deployment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FOUND: Final = """
SELECT service, version, started, finished, rolled_back, author, "commit", failed_gate, id FROM deployment
WHERE (?1 = '' OR service = ?1) AND coalesce(started, finished, rolled_back) >= ?2 AND coalesce(started, finished, rolled_back) < ?3
"""
_READ: Final = f"{_FOUND} ORDER BY coalesce(started, finished, rolled_back), id"
_LAST: Final = f"{_FOUND} ORDER BY coalesce(started, finished, rolled_back) DESC, id DESC LIMIT 1"


def _read(connection: sqlite3.Connection, service: str, within: Interval, query: str = _READ) -> Iterator[Deployment]:
    for row in connection.execute(query, (service, within.start, within.end)):
        yield Deployment(*row)


def _row(one: Deployment) -> tuple[object, ...]:
    times = (one.started, one.finished, one.rolled_back)
    return (one.id, one.service, one.version, *times, one.author, one.commit, one.failed_gate)
