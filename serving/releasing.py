"""Deployments told to a running collector, and what is known of those that were."""

from __future__ import annotations

import contextlib
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from ..alerts.past_pages import past_pages
from ..collector import Collector
from ..collector.books.chore import Chore
from ..collector.books.contributor import as_told
from ..collector.books.version_counts import KEPT, version_counts
from ..collector.books.versions import known_versions
from ..collector.records.deployments import Deployment, deployments
from ..slo import HOUR, Interval, Status, Unit
from .evaluations import Evaluations
from .release import Burnt, Release, releases

_EVER = 2**62


class Releasing:
    """Keeps deployments, and says what they did. `now` gives epoch seconds. Of use from any thread."""

    def __init__(self, collector: Collector, evaluations: Evaluations, now: Callable[[], float]) -> None:
        self._collector = collector
        self._evaluations = evaluations
        self._now = now

    def say(self, said: Deployment) -> Deployment | str:
        """Keeps what is said of a deployment, and gives all that is known of it; or why nothing is kept, in words.

        Raises `Unavailable` while the ledger can't be written.
        """
        now = self._now()
        told = replace(said, version=as_told(said.version))
        chore = Chore(lambda books: books.deployments.say(told, now))
        self._collector.submit(chore)
        return chore.future.result()

    def releases(self, service: str, within: Interval) -> list[Release]:
        """Those that began within an interval, of a service or of all, the oldest first."""
        evaluation = self._evaluations.evaluation()
        with contextlib.closing(self._collector.ledger.reader()) as connection:
            # Whose page it is decides the one that began last before it, be that later than the interval.
            known = deployments(connection, service, Interval(within.start, _EVER))
            pages = past_pages(connection, service, within.start, _EVER)
            asked = [each for each in known if each.began < within.end]
            statuses: dict[str, list[Status]] = {each.service: [] for each in asked}
            for row, slo in enumerate(evaluation.slos):
                if slo.service in statuses:
                    statuses[slo.service].append(evaluation.status(row))
            rows, ends = self._collector.catalogue.rows, _ends(known)
            burnt = {each.id: _burnt(connection, each, ends[each.id], statuses[each.service], rows) for each in asked}
        asked_for = {each.id for each in asked}
        return [each for each in releases(known, pages, burnt) if each.deployment.id in asked_for]


def _ends(known: Sequence[Deployment]) -> dict[int, float]:
    """When the next deployment of the same version began, by number: what it burns from then on is that one's."""
    begins: dict[tuple[str, str], list[float]] = {}
    for each in known:
        begins.setdefault((each.service, each.version), []).append(each.began)
    return {each.id: _next(begins[each.service, each.version], each.began) for each in known}


def _next(begins: Sequence[float], began: float) -> float:
    later = bisect_right(begins, began)
    return begins[later] if later < len(begins) else float(_EVER)


def _burnt(
    connection: sqlite3.Connection, one: Deployment, until: float, statuses: Sequence[Status], rows: Mapping[str, int]
) -> tuple[Burnt, ...]:
    """What a version's events cost each SLO, in whole hours from the one in which it began to go out."""
    name = as_told(one.version)
    number = next((each.number for each in known_versions(connection, one.service) if each.version == name), None)
    if number is None:
        return ()
    start = int(one.began) // HOUR * HOUR
    within = Interval(start, max(start + HOUR, int(min(until, start + KEPT[HOUR])) // HOUR * HOUR))
    found = []
    for status in statuses:
        counted = version_counts(connection, rows.get(status.slo.name, 0), within, HOUR)
        good, total = counted[counted[:, 1] == number][:, 2:].sum(axis=0).tolist()
        if total:
            allowed = status.budget.allowed if status.slo.unit is Unit.EVENTS else Fraction(0)
            found.append(Burnt(status.slo.name, total - good, total, allowed))
    return tuple(found)
