"""Whom the routes ask. Every answer is as of now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ...alerts import OpenAlerts
from ...collector import Breakdown, Contributor
from ...collector.registry.registry import Catalogue
from ...slo import Evaluation, HistoryPoint, Interval, State, Status


class EvaluationSource(Protocol):
    """Whoever evaluates."""

    def evaluation(self) -> Evaluation:
        """All SLOs."""
        ...


class SummarySource(Protocol):
    """Whoever knows an SLO with all that is around it."""

    def summary(self, status: Status) -> dict[str, Any]:
        """One SLO as the API gives it, with its state's beginning and its open alerts."""
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


class TraceSource(Protocol):
    """Whoever keeps traces."""

    def find(
        self, now: float, service: str | None, route: str | None, state: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """The newest traces kept, of a service, a route and a state where asked for."""
        ...

    def get(self, trace_id: str) -> dict[str, Any] | None:
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
