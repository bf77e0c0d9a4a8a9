"""What messages say beside the numbers, from what the collector keeps: contributors, deployments and traces."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from ..alerts.messages.context import Cause, Context, Example, Rollout
from ..collector import Breakdown, Collector, Contributor
from ..collector.records.deployments import last_deployment
from ..slo import BUCKET, DAY, SLO, EventCount, Interval, Unit
from .counts import Counts

MOST: Final = 10
"""Causes, and instances, that a context holds."""

LONGEST: Final = DAY
"""Seconds of which causes are looked up: longer incidents say what they cost alone."""

CHANGED_WITHIN: Final = 30 * DAY
"""Seconds after which a deployment is not told of any more: what it broke was broken before."""

_LOOKED_AT: Final = 20
"""Traces of a route that are looked at for one of the interval."""

_log = logging.getLogger("fournines")


class KeptTraceSource(Protocol):
    """Whoever keeps traces."""

    def find(
        self, now: float, service: str | None, route: str | None, state: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """The newest traces kept."""
        ...


class Contexts:
    """A `ContextSource` over a collector: some milliseconds an SLO. `now` gives epoch seconds. Of use from any thread."""

    def __init__(self, collector: Collector, counts: Counts, traces: KeptTraceSource, now: Callable[[], float]) -> None:
        self._ledger = collector.ledger
        self._counts = counts
        self._traces = traces
        self._now = now

    def context(self, slo: SLO, interval: Interval) -> Context:
        """What is known of an SLO in an interval; of each thing that can't be read the log says why."""
        found = Context(interval)
        for look in (self._with_counts, self._with_causes, self._with_rollout, self._with_example):
            try:
                found = look(slo, found)
            except sqlite3.Error as error:
                _log.warning("a message about %s says less, what is kept can't be read: %s", slo.name, error)
        return found

    def _with_counts(self, slo: SLO, found: Context) -> Context:
        if slo.unit is not Unit.EVENTS or not self._counts.counts_here(slo.name):
            return found
        whole = -(-found.interval.seconds // BUCKET) * BUCKET
        points = self._counts.history(slo.name, found.interval, whole)
        return replace(found, counted=EventCount(sum(each.good for each in points), sum(each.total for each in points)))

    def _with_causes(self, slo: SLO, found: Context) -> Context:
        if found.interval.seconds > LONGEST:
            return found
        causes = self._counts.contributors(slo.name, found.interval, Breakdown.CAUSE)
        instances = self._counts.contributors(slo.name, found.interval, Breakdown.INSTANCE)
        return replace(
            found,
            causes=tuple(_cause(each, failed) for each, failed in causes if not each.is_other)[:MOST],
            instances={
                each.instance: failed for each, failed in instances[:MOST] if each.instance and not each.is_other
            },
            failed=sum(failed for _, failed in causes),
        )

    def _with_rollout(self, slo: SLO, found: Context) -> Context:
        within = Interval(max(0, found.interval.end - CHANGED_WITHIN), int(self._now()) + 1)
        with contextlib.closing(self._ledger.reader()) as connection:
            last = last_deployment(connection, slo.service, within)
        if last is None:
            return found
        told = Rollout(last.version, last.began, last.ended, last.rolled_back, last.author, last.commit)
        return replace(found, rollout=told)

    def _with_example(self, slo: SLO, found: Context) -> Context:
        """The newest trace of the largest cause; of any other where of that none is kept."""
        state = "failed" if slo.sli.threshold is None else "slow"
        routes = (*(each.route for each in found.causes[:1] if each.route), None)
        for route in routes:
            for trace in self._traces.find(self._now(), slo.sli.service, route, state, _LOOKED_AT):
                if found.interval.start <= trace["start"] < found.interval.end:
                    example = Example(trace["trace_id"], trace["route"], trace["status_code"], trace["start"])
                    return replace(found, example=example)
        return found


def _cause(contributor: Contributor, failed: int) -> Cause:
    return Cause(contributor.route, contributor.status, contributor.error, contributor.version, failed)
