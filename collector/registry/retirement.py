"""Services that nobody hears any more go, and make room for others: a name is no reason to keep counts for ever."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from ...slo import DAY, HOUR
from ..ledger.buckets import Buckets
from ..ledger.tallies import Tallies
from ..names import SERVICES_RETIRED
from ..senders.senders import Senders
from .registry import Registry

GONE_AFTER: Final = 37 * DAY
"""Unheard for so long a service has nothing left in any window, nor in the 35 days that minutes are kept for.

The ledger knows to a day when a service was heard last.
"""

LISTENED: Final = HOUR
"""Seconds a collector listens before it calls anybody gone: after a break of its own, or a step of the clock, it knows nothing."""

_LOG: Final = logging.getLogger("fournines.collector")


class Retirement:
    """Lets services go, with their automatic SLOs, and groups. SLOs of files stay, with their counts. A part of the books."""

    def __init__(
        self, registry: Registry, senders: Senders, buckets: Buckets, tallies: Tallies, metrics: CollectorRegistry
    ) -> None:
        self._registry = registry
        self._senders = senders
        self._buckets = buckets
        self._tallies = tallies
        self._retired = Counter(SERVICES_RETIRED, "Services that went, unheard for 37 days", registry=metrics)
        self._gone: list[str] = []
        self._groups: list[str] = []

    def stage(self, now: float) -> list[str]:
        """Stages the going of whoever is to go at `now`, dates the others, and returns the names of those that go."""
        if now < self._senders.listening + LISTENED:
            return []
        passed = self._buckets.passed(now)
        self._gone = self._registry.retire(self._senders.heard, passed - GONE_AFTER, now)
        self._groups = self._registry.retire_groups(self._tallies.totals[:, 1], passed, GONE_AFTER, now)
        return self._gone

    changed = False

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing: the registry writes who is there."""

    def keep(self) -> None:
        """They are gone."""
        if self._gone:
            self._retired.inc(len(self._gone))
            _LOG.info(
                "%d services were not heard for %d days and go, with their automatic SLOs: %s",
                len(self._gone),
                GONE_AFTER // DAY,
                _some(self._gone),
            )
        if self._groups:
            _LOG.info("%d groups of SLOs were not heard for long and go: %s", len(self._groups), _some(self._groups))
        for service in self._gone:
            if not self._registry.judges(service):
                self._senders.heard.pop(service, None)
        self._gone, self._groups = [], []

    def forget(self) -> None:
        """They stay until the next time."""
        self._gone, self._groups = [], []


def _some(names: Sequence[str]) -> str:
    return ", ".join(name[:50] for name in names[:10]) + (", ..." if len(names) > 10 else "")
