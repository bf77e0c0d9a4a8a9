"""A month whose counts the test decides, and its evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Decision, Firing, OpenAlert, Ruling
from fournines.dashboards.grafana import catalog
from fournines.slo import (
    DAY,
    SLI,
    SLO,
    BurnRule,
    Evaluation,
    Evaluator,
    EventCount,
    FakeEventSource,
    Objective,
    Observation,
    Severity,
    SLIKind,
    Window,
)

PANELS = tuple(each for each in vars(catalog).values() if isinstance(each, catalog.PanelText))
"""Every panel of the generated dashboards."""

NOW = 1_795_317_400.0  # 2026-11-22 03:16:40 UTC


@dataclass
class Counts:
    """An event source: each SLO's traffic a second, and the seconds of total outage at the end of every window.

    `past` is an outage, in seconds, that only windows of some length or more contain.
    """

    outage: Mapping[str, float] = field(default_factory=dict)
    past: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    rate: Mapping[str, float] = field(default_factory=dict)
    age: Mapping[str, float] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    unheard: frozenset[str] = frozenset()
    watched: float = 40 * DAY

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        source = FakeEventSource(
            count=self._count,
            since={name: -1 if name in self.unheard else int(now - self.watched) for name in names},
            heard={name: math.nan if name in self.unheard else now - self.age.get(name, 3.0) for name in names},
            silent=self.silent,
        )
        return source.observe(names, windows, now)

    def _count(self, name: str, window: Window) -> EventCount:
        seconds = 0 if name in self.unheard else min(window.seconds, self.watched)
        rate = self.rate.get(name, 10.0)
        return EventCount(int(max(0, seconds - self._outage(name, window)) * rate), int(seconds * rate))

    def _outage(self, name: str, window: Window) -> float:
        seconds, length = self.past.get(name, (0.0, 0))
        return self.outage.get(name, 0.0) + (seconds if window.seconds >= length else 0.0)

    def history(self, name: str, interval: Any, step: int) -> list[Any]:
        raise AssertionError("the page is given its history")


def availability(name: str, service: str = "payments", target: str = "0.9999", **annotations: str) -> SLO:
    """An availability SLO; annotations without their prefix."""
    full = MappingProxyType({f"fournines/{key}": value for key, value in annotations.items()})
    return SLO(name, SLI(SLIKind.AVAILABILITY, service), Objective.parse(target), annotations=full)


def latency(name: str, service: str = "payments", threshold: str = "0.25", target: str = "0.99") -> SLO:
    """A latency SLO."""
    return SLO(name, SLI(SLIKind.LATENCY, service, threshold=Decimal(threshold)), Objective.parse(target))


def evaluated(slos: Sequence[SLO], now: float = NOW, **counts: Any) -> Evaluation:
    """The SLOs over such counts."""
    return Evaluator(slos).at(Counts(**counts), now)


def open_alert(name: str, kind: AlertKind, since: float = NOW - 60, *, inhibited: bool = False) -> OpenAlert:
    """An open alert of an SLO, or of a service where it is about no data."""
    held = (Decision("inhibition", Ruling.HELD, "held back by the page", since),) if inhibited else ()
    return OpenAlert(Alert(AlertKey(kind, name), name, name, {}, "", "", Firing(since), decisions=held))


@pytest.fixture(scope="session")
def bank() -> tuple[SLO, ...]:
    """A few SLOs of several services, among them one whose window and rules are unusual."""
    week = Window(7 * DAY)
    rules = (BurnRule(Severity.PAGE, Fraction(2, 100), Window(1800), Window(60)),)
    unusual = SLO(
        "gateway-week", SLI(SLIKind.AVAILABILITY, "gateway"), Objective.parse("0.995"), window=week, rules=rules
    )
    return (
        availability("payments-availability", runbook="https://runbooks.example.com/payments", owner="team-payments"),
        latency("payments-latency"),
        availability("users-availability", "users", "0.999"),
        unusual,
    )
