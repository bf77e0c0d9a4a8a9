"""What pages know of an SLO beside its numbers: what failed, what went out, what spent the budget."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Final

from ..alerts.messages.context import ContextSource, Rollout
from ..collector import Breakdown, Collector, Contributor
from ..collector.records.deployments import deployments
from ..dashboards import Beside, History, Shown, Spending, Spent, failing_interval
from ..dashboards.brief import CHANGES_SECONDS, cause_words
from ..slo import MINUTE, Interval, Status
from .counts import Counts

STEP: Final = 2 * MINUTE
"""Seconds a step of the first screen's chart."""

_ANY: Final = ""


class Surroundings:
    """Looks around an SLO, in the ledger. Of use from any thread."""

    def __init__(self, collector: Collector, counts: Counts, contexts: ContextSource) -> None:
        self._collector = collector
        self._counts = counts
        self._contexts = contexts

    def beside(self, status: Status, now: float) -> Beside:
        """What the first screen about an SLO says beside its numbers."""
        end = int(now // STEP) * STEP + STEP
        recent = Interval(end - CHANGES_SECONDS, end)
        points = self._counts.history(status.slo.name, recent, STEP)
        return Beside(
            context=self._contexts.context(status.slo, failing_interval(status, now)),
            rollouts=self.rollouts(_ANY, recent)[::-1],
            recent=History(points, recent, STEP),
        )

    def rollouts(self, service: str, within: Interval) -> Sequence[tuple[str, Rollout]]:
        """The deployments of a service, or of all where none is named, that began within an interval, the oldest first."""
        with contextlib.closing(self._collector.ledger.reader()) as connection:
            try:
                found = deployments(connection, service, within)
            except sqlite3.Error:
                return []
        return [
            (one.service, Rollout(one.version, one.began, one.ended, one.rolled_back, one.author, one.commit))
            for one in found
        ]

    def spending(self, name: str, shown: Shown, by: str) -> Spending:
        """What one SLO's failed events had in common, over the time shown; nothing where the ledger does not count it."""
        breakdown = Breakdown.INSTANCE if by == "instance" else Breakdown.CAUSE
        found = self._collector.blame(name, shown.interval, max(MINUTE, shown.step), breakdown)
        parts = [Spent(each.t, _words(each.contributor, by), each.bad) for each in found]
        return Spending(by, shown.interval, max(MINUTE, shown.step), parts)


def _words(one: Contributor, by: str) -> str:
    """What it is called; empty for those that share a name with all others."""
    if one.is_other:
        return ""
    match by:
        case "cause":
            return cause_words(one.route, one.status, one.error, one.version)
        case "route":
            return one.route or "no route said"
        case "status":
            return one.status or "no status said"
        case "error":
            return one.error or "no error said"
        case "version":
            return one.version or "no version said"
        case _:
            return one.instance or "no instance said"
