"""All the routes' sources as one that says what it is told, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...alerts import OpenAlerts
from ...collector import Breakdown, Contributor
from ...collector.registry.registry import Catalogue
from ...slo import Evaluation, HistoryPoint, Interval, State, Status


@dataclass
class FakeSources:
    """Says `told` of the SLOs, and what else it is given. `asked` is what it was asked for, the newest last."""

    told: Evaluation
    points: Sequence[HistoryPoint] = ()
    blamed: Sequence[tuple[Contributor, int]] = ()
    traces: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    open: OpenAlerts = field(default_factory=lambda: OpenAlerts({}))
    began: Mapping[tuple[str, State], float] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(0, (), {}, frozenset()))
    reason: str = ""
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def evaluation(self) -> Evaluation:
        """As told."""
        return self.told

    def summary(self, status: Status) -> dict[str, Any]:
        """Its name and state."""
        return {"name": status.slo.name, "state": status.state.value}

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """The points given."""
        self.asked.append((name, interval, step))
        return self.points

    def contributors(self, name: str, interval: Interval, breakdown: Breakdown) -> Sequence[tuple[Contributor, int]]:
        """Who is blamed, of that breakdown."""
        self.asked.append((name, interval, breakdown))
        return [(one, bad) for one, bad in self.blamed if one.breakdown is breakdown]

    def find(
        self, now: float, service: str | None, route: str | None, state: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """The first of the traces given."""
        self.asked.append((now, service, route, state, limit))
        return list(self.traces.values())[:limit]

    def get(self, trace_id: str) -> dict[str, Any] | None:
        """The trace given under that id."""
        return self.traces.get(trace_id)

    def alerts(self) -> OpenAlerts:
        """The open alerts given."""
        return self.open

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
