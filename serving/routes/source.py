"""Whom the routes ask. Every answer is as of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ...alerts import EndedAlert, EndedPlace, OpenAlerts
from ...alerts.silences.silence import Silence
from ...collector import Breakdown, Contributor
from ...collector.records.audit import AuditEntry
from ...collector.records.corrections import Ending, KeptCorrection
from ...collector.registry.catalogue import Catalogue
from ...slo import SLO, Chance, Correction, Evaluation, HistoryPoint, Interval, State, Status

JSON = dict[str, Any]


class EvaluationSource(Protocol):
    """Whoever evaluates."""

    def evaluation(self) -> Evaluation:
        """All SLOs."""
        ...


class SummarySource(Protocol):
    """Whoever knows an SLO with all that is around it."""

    def summary(self, status: Status) -> JSON:
        """One SLO as the API gives it, with its state's beginning and its open alerts."""
        ...

    def detail(self, status: Status) -> JSON:
        """The same, with a forecast and how its numbers came about."""
        ...


class ChanceSource(Protocol):
    """Whoever looks ahead."""

    def of(self, status: Status) -> Chance | None:
        """With which chance an SLO's promise is kept; None where nobody knows."""
        ...


class CountSource(Protocol):
    """Whoever counted."""

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds; empty ones are left out."""
        ...

    def contributors(self, name: str, interval: Interval, breakdown: Breakdown) -> Sequence[tuple[Contributor, int]]:
        """What one SLO's bad events had in common, and how many they are, the largest first."""
        ...


class CatalogueSource(Protocol):
    """Whoever knows which SLOs there are."""

    @property
    def catalogue(self) -> Catalogue:
        """All of them, and what services declare."""
        ...


class CorrectionKeeper(Protocol):
    """Whoever takes time out. Raises `Unavailable` while nothing can be kept."""

    def add(self, slo: str, service: str, correction: Correction) -> KeptCorrection | None:
        """Corrects an SLO or, where that is empty, all of a service; None where there is no room, `InvalidValue` where nothing is kept."""
        ...

    def end(self, number: int, author: str, reason: str) -> KeptCorrection | None:
        """Takes a correction back; None where it is not in force."""
        ...


class AuditSource(Protocol):
    """Whoever keeps the audit log."""

    def audited(self, limit: int, before: int | None) -> Sequence[AuditEntry]:
        """The newest entries, the newest first; those before the one of number `before`, where that is given."""
        ...


class TraceSource(Protocol):
    """Whoever keeps traces."""

    def find(
        self,
        now: float,
        service: str | None,
        route: str | None,
        state: str | None,
        limit: int,
        before: tuple[float, str] | None = None,
    ) -> list[JSON]:
        """The newest traces kept, of a service, a route and a state where asked for; behind one of that start and id, where given."""
        ...

    def get(self, trace_id: str) -> JSON | None:
        """One trace; None where it is not kept."""
        ...


class AlertSource(Protocol):
    """Whoever is told how SLOs stand."""

    def alerts(self) -> OpenAlerts:
        """The open alerts."""
        ...

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began, in epoch seconds; None where it was not seen in that state yet."""
        ...


class EndedSource(Protocol):
    """Whoever knows the alerts that are over. Raises `StoreError` where they can't be read."""

    def ended(
        self, since: float, until: float, slo: str, service: str, limit: int, before: EndedPlace | None = None
    ) -> Sequence[EndedAlert]:
        """Those that were open at any time in [since, until), the last to end first; an empty name is anybody's."""
        ...

    def found(self, number: int) -> EndedAlert | None:
        """The incident of that number, where it is over."""
        ...


class SilenceSource(Protocol):
    """Whoever knows what is silenced. Raises `StoreError` where that can't be read."""

    def known(self, past: int) -> Sequence[Silence]:
        """Those in force and to come, and behind them so many of those that are over."""
        ...

    def of(self, slo: SLO) -> Sequence[Silence]:
        """Those in force or to come that concern an SLO."""
        ...


class NoticeSource(Protocol):
    """Whoever knows what an operator should."""

    def trouble(self) -> str:
        """Why data can't be taken in; empty when it can."""
        ...

    def notices(self) -> list[str]:
        """All there is to know: an SLO file that could not be read, a ledger that can't be written."""
        ...


class ExpositionSource(Protocol):
    """Whoever speaks to scrapers."""

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The text of /metrics and its content type, as the `Accept` header wants it."""
        ...


@dataclass
class FakeSources:
    """All of them as one, for tests: says `told` of the SLOs, and what else it is given.

    `asked` is what it was asked for, the newest last.
    """

    told: Evaluation
    points: Sequence[HistoryPoint] = ()
    blamed: Sequence[tuple[Contributor, int]] = ()
    traces: Mapping[str, JSON] = field(default_factory=dict)
    open: OpenAlerts = field(default_factory=lambda: OpenAlerts({}))
    over: Sequence[EndedAlert] = ()
    began: Mapping[tuple[str, State], float] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(0, (), {}, frozenset()))
    log: Sequence[AuditEntry] = ()
    reason: str = ""
    foreseen: Chance | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def evaluation(self) -> Evaluation:
        """As told."""
        return self.told

    def summary(self, status: Status) -> JSON:
        """Its name and state."""
        return {"name": status.slo.name, "state": status.state.value}

    def detail(self, status: Status) -> JSON:
        """The same and its reason."""
        return self.summary(status) | {"explanation": status.reason}

    def of(self, status: Status) -> Chance | None:
        """The chance given."""
        return self.foreseen

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """The points given."""
        self.asked.append((name, interval, step))
        return self.points

    def contributors(self, name: str, interval: Interval, breakdown: Breakdown) -> Sequence[tuple[Contributor, int]]:
        """Who is blamed, of that breakdown."""
        self.asked.append((name, interval, breakdown))
        return [(one, bad) for one, bad in self.blamed if one.breakdown is breakdown]

    def add(self, slo: str, service: str, correction: Correction) -> KeptCorrection | None:
        """The first there is; after that there is no room."""
        self.asked.append((slo, service, correction))
        return (
            None
            if self.catalogue.corrections
            else self._correct(KeptCorrection(1, slo, service, correction, self.told.now))
        )

    def end(self, number: int, author: str, reason: str) -> KeptCorrection | None:
        """Ends that one."""
        kept = self.catalogue.corrections[0]
        return (
            self._correct(replace(kept, ending=Ending(self.told.now, author, reason))) if kept.ending is None else None
        )

    def _correct(self, kept: KeptCorrection) -> KeptCorrection:
        self.catalogue = replace(self.catalogue, corrections=(kept,))
        return kept

    def audited(self, limit: int, before: int | None) -> Sequence[AuditEntry]:
        """The log given."""
        self.asked.append((limit, before))
        return self.log

    def find(
        self,
        now: float,
        service: str | None,
        route: str | None,
        state: str | None,
        limit: int,
        before: tuple[float, str] | None = None,
    ) -> list[JSON]:
        """The first of the traces given."""
        self.asked.append((now, service, route, state, limit, before))
        return list(self.traces.values())[:limit]

    def get(self, trace_id: str) -> JSON | None:
        """The trace given under that id."""
        return self.traces.get(trace_id)

    def alerts(self) -> OpenAlerts:
        """The open alerts given."""
        return self.open

    def ended(
        self, since: float, until: float, slo: str, service: str, limit: int, before: EndedPlace | None = None
    ) -> Sequence[EndedAlert]:
        """The first of those given."""
        self.asked.append((since, until, slo, service, limit, before))
        return self.over[:limit]

    def found(self, number: int) -> EndedAlert | None:
        """The one given of that number."""
        return next((each for each in self.over if each.alert.number == number), None)

    def since(self, name: str, state: State) -> float | None:
        """When it began, where that is given."""
        return self.began.get((name, state))

    def trouble(self) -> str:
        """The reason given."""
        return self.reason

    def notices(self) -> list[str]:
        """The reason given, alone."""
        return [self.reason] if self.reason else []

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """What was asked for, as the text."""
        return accept.encode(), "text/plain; version=fake"
