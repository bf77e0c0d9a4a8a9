"""A service whose numbers the test decides, and a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fournines.alerts import Action, AlertEngine, Notification, Receiver
from fournines.slo import (
    SLI,
    SLO,
    Evaluation,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Objective,
    Observation,
    SLIKind,
    Window,
    evaluate,
)

START = 1_800_000_000.0
QUIET_RECEIVER = Receiver("hook")


@dataclass
class World:
    """An event source with 10 events a second for everybody; `failing` is the share of bad ones, by SLO or SLO and window."""

    failing: dict[Any, float] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    rate: float = 10.0
    since: float = START - 40 * 86_400

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        source = FakeEventSource(
            count=lambda name, window: self._count(name, window, now),
            since=dict.fromkeys(names, int(self.since)),
            heard={name: now - (90 if name in self.silent else 2) for name in names},
            silent=self.silent,
        )
        return source.observe(names, windows, now)

    def _count(self, name: str, window: Window, now: float) -> EventCount:
        total = int(self.rate * min(window.seconds, now - self.since))
        return EventCount(total - int(total * self._share(name, window) + 1e-6), total)

    def _share(self, name: str, window: Window) -> float:
        return self.failing.get((name, str(window)), self.failing.get(name, 0.0))

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        return ()


def make_slo(
    name: str = "payments-availability", service: str = "payments", target: str = "0.9999", **more: Any
) -> SLO:
    """An availability SLO of 30 days."""
    return SLO(name, SLI(SLIKind.AVAILABILITY, service), Objective.parse(target), **more)


@pytest.fixture
def slo() -> Callable[..., SLO]:
    """Makes an SLO."""
    return make_slo


@pytest.fixture
def world() -> World:
    """Everything is well until the test says otherwise."""
    return World()


@pytest.fixture
def start() -> float:
    """The moment the tests begin, in epoch seconds."""
    return START


@pytest.fixture
def at(world: World) -> Callable[..., Evaluation]:
    """Evaluates SLOs in the world, some seconds after the start."""

    def evaluate_at(slos: Sequence[SLO], seconds: float = 0.0) -> Evaluation:
        return evaluate(slos, world, START + seconds)

    return evaluate_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The ledger's file."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def engines(path: Path) -> Iterator[Callable[..., AlertEngine]]:
    """Opens engines on the ledger's file and closes them at the end; one receiver, `hook`, unless told otherwise."""
    opened: list[AlertEngine] = []

    def open_engine(receivers: Sequence[Receiver] = (QUIET_RECEIVER,), **more: Any) -> AlertEngine:
        opened.append(AlertEngine(path, receivers, **more))
        return opened[-1]

    yield open_engine
    for engine in opened:
        engine.close()


@pytest.fixture
def latency_slo() -> SLO:
    """99 % within 0.25 s."""
    sli = SLI(SLIKind.LATENCY, "payments", threshold=Decimal("0.25"))
    return SLO("payments-latency", sli, Objective.parse("0.99"))


@pytest.fixture
def message() -> Callable[..., Notification]:
    """Makes a notification: a trigger, or with `ended` a resolve."""

    def make(key: str = "slo/a/page", ended: float | None = None, **labels: str) -> Notification:
        action = Action.TRIGGER if ended is None else Action.RESOLVE
        named = {"alertname": "SLOErrorBudgetBurn", "slo": "a", "service": "s", "severity": "page", **labels}
        texts = {"summary": "a burns 21x", "description": "The promise: ü"}
        return Notification(action, key, named, texts, START, ended, "http://127.0.0.1:8400/slo/a")

    return make
