"""Everything that one transaction changes together: counts, SLOs, senders, silences, streams and what was seen before."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from ..columns import Wanted
from ..counters import Counters
from ..ledger.buckets import Booked, Buckets
from ..ledger.ledger import Ledger
from ..ledger.part import Part
from ..ledger.tallies import Tallies
from ..ledger.upkeep import Upkeep
from ..names import HEARTBEAT
from ..records.audit import Audit
from ..records.deployments import Deployments
from ..records.gate_overrides import GateOverrides
from ..registry.declaring import Declaring
from ..registry.judges import Judge
from ..registry.registry import Registry
from ..registry.retirement import Retirement
from ..registry.series import Series
from ..registry.services import MOST_SERVICES
from ..remembered import Remembered
from ..senders.origin import MOST_KNOWN, origin_of
from ..senders.senders import Senders, SignOfLife
from ..senders.service_version import ServiceVersion
from ..senders.silence import Silences
from ..senders.skew import Clocks
from ..streams.intervals import Intervals
from ..streams.streams import Cumulatives
from .contributors import Contributors
from .fractions import Fractions
from .objectives import Objectives
from .recent import digests
from .reckoned import Reckoned
from .rolling import Rolling
from .taps import Tap
from .tracks import Tracks
from .version_counts import VersionCounts
from .versions import Versions

_LOG: Final = logging.getLogger("fournines.collector")


class Books:
    """The open books of a ledger. One thread stages and commits; others read under `Ledger.visible`."""

    def __init__(self, ledger: Ledger, counters: Counters, now: float, taps: Sequence[Tap] = ()) -> None:
        connection = ledger.writer
        self.ledger = ledger
        self.counters = counters
        self.registry = Registry(connection)
        self.buckets = Buckets(connection)
        self.upkeep = Upkeep(connection, self.buckets)
        self.tallies = Tallies(connection, self.buckets)
        self.contributors = Contributors(connection)
        self.senders = Senders(connection, now)
        self.declaring = Declaring(self.registry, counters.registry)
        self.retirement = Retirement(self.registry, self.senders, self.buckets, self.tallies, counters.registry)
        self.silences = Silences(connection, self.buckets, self.tallies)
        self.cumulatives = Cumulatives(connection, ledger.birth)
        self.intervals = Intervals(connection)
        self.digests = digests(connection)
        self.reader = ledger.reader()
        self.rolling = Rolling(self.reader, self.buckets)
        self.objectives = Objectives(connection)
        self.reckoned = Reckoned(self.reader, self.buckets, self.objectives)
        self.series = Series(self.registry)
        self.by_version = VersionCounts(connection, Versions(connection, counters.registry))
        self.tracks = Tracks(self.series, self.buckets, self.tallies, self.contributors, self.by_version)
        self.clocks = Clocks(counters.skew)
        self.origins = Remembered(origin_of, MOST_KNOWN)
        self.fractions = Fractions(connection)
        self.deployments = Deployments(connection)
        self.gate_overrides = GateOverrides(connection)
        self.audit = Audit()
        self.off_boundary: dict[int, float | None] = {}
        self.taps = tuple(taps)
        self._metrics: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset({HEARTBEAT}))
        self._full = False
        self._rows: dict[str, tuple[tuple[Judge, ...], tuple[int, ...]]] = {}
        self._parts = self._in_order()

    def _in_order(self) -> tuple[Part, ...]:
        """The parts in the order in which they are written, and then kept.

        Rows get their names before anything is counted in them. Tracks tell buckets, tallies, contributors and versions what they
        counted; upkeep closes days before buckets choose between open and closed ones; tallies, windows and what is reckoned follow what
        buckets wrote.
        """
        return (
            *self.taps,
            self.registry,
            self.retirement,
            self.tracks,
            self.upkeep,
            self.buckets,
            self.tallies,
            self.rolling,
            self.reckoned,
            self.contributors,
            self.by_version,
            self.senders,
            self.silences,
            self.cumulatives,
            self.intervals,
            self.digests,
            self.fractions,
            self.objectives,
            self.deployments,
            self.gate_overrides,
            self.audit,
        )

    @property
    def wanted(self) -> Wanted:
        """What decoding is to keep, as the open transaction sees it."""
        names, metrics = self._metrics
        if names is not self.cumulatives.names:
            names = self.cumulatives.names
            metrics = names | {HEARTBEAT}
            self._metrics = names, metrics
        return Wanted(self.registry.wanted, metrics)

    @property
    def sampled(self) -> frozenset[int]:
        """The rows that count sampled spans, each weighed."""
        return self.fractions.sampled

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return any(part.changed for part in self._parts)

    def commit(self) -> bool:
        """Makes everything staged durable and true, and says whether any SLO got events; or raises and leaves nothing behind."""
        self.ledger.commit(self._parts)
        return len(self.buckets.by_slo) > 0

    def forget(self) -> None:
        """Drops everything staged."""
        for part in self._parts:
            part.forget()

    def leave(self, *, probe: bool) -> None:
        """Makes true what is not worth a transaction (signs of life); `probe` tries whether the ledger can be written."""
        if probe:
            self.ledger.probe()
        with self.ledger.visible:
            self.senders.keep()

    def hear(self, signs: Iterable[SignOfLife], now: float) -> None:
        """Stages signs of life."""
        services = set()
        for sign in signs:
            services.add(sign.sender.service)
            if self.registry.judges(sign.sender.service):
                self.senders.hear(sign, now)
        self.silences.heard(services)

    def introduce(self, service: str, now: float, *, metrics: bool, spans: bool, segments: bool = False) -> None:
        """Stages that a service exported, and that its SLOs are observed from now on at the latest."""
        if not self.registry.hear(service, now, metrics=metrics, spans=spans, segments=segments):
            self._no_room(service)
        judges = self.registry.judges(service)
        known = self._rows.get(service)
        if known is None or known[0] is not judges:
            known = self._rows[service] = (judges, tuple(judge.row for judge in judges))
        self.tallies.observed(known[1], int(now))

    def retire(self, now: float) -> None:
        """Stages the going of services that were not heard for long; they leave room for others."""
        for service in self.retirement.stage(now):
            self._rows.pop(service, None)
            self._full = False

    def _no_room(self, service: str) -> None:
        """Said once: a flood of names is not to become a flood of lines."""
        self.counters.services_overflow.inc()
        if not self._full:
            self._full = True
            _LOG.warning(
                "no automatic SLOs for %.200r and the like: more than %d services, or a name too long",
                service,
                MOST_SERVICES,
            )

    def book(
        self, slos: tuple[int, ...], t: int, events: Booked, since: int, received: float, version: ServiceVersion
    ) -> None:
        """Stages events of bucket `t`, by which SLOs are observed from the second `since`; see `tallies.observed_from`."""
        if events.total:
            self.buckets.book(slos, t, events, received)
            self.by_version.book(slos, t, events, version, received)
            self.tallies.observed(slos, since)

    def close(self) -> None:
        """Closes the connections and lets the folder go."""
        self.reader.close()
        self.ledger.close()
