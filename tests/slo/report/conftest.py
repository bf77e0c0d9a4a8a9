"""What the tests of reports share: a source that counts anew whatever it is asked, and reports of any shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from fournines.slo import SLI, SLO, HistoryPoint, Interval, Objective, SLIKind
from fournines.slo.report import Counting, PastObjective

NOW = 1_793_600_000.0  # 2026-11-02T06:13:20Z


@dataclass(frozen=True)
class Booked:
    """An `EventSource` over (second, good, total) of each SLO; counted anew, by brute force, at every question."""

    events: Mapping[str, Sequence[tuple[int, int, int]]]
    asked: list[Interval] = field(default_factory=list)

    def observe(self, names, windows, now):
        raise AssertionError("a report asks for the past")

    def history(self, name: str, interval: Interval, step: int) -> list[HistoryPoint]:
        self.asked.append(interval)
        points: dict[int, list[int]] = {}
        for t, good, total in self.events.get(name, ()):
            if interval.start <= t < interval.end:
                point = points.setdefault(interval.start + (t - interval.start) // step * step, [0, 0])
                point[0] += good
                point[1] += total
        return [HistoryPoint(t, *point) for t, point in sorted(points.items())]


@pytest.fixture(scope="session")
def make_slo() -> Callable[..., SLO]:
    """Makes an availability SLO."""

    def make(name: str = "pay", target: str = "0.99", **more) -> SLO:
        sli = more.pop("sli", SLI(SLIKind.AVAILABILITY, "shop"))
        return SLO(name, sli, Objective(Decimal(target)), **more)

    return make


@pytest.fixture(scope="session")
def make_counting() -> Callable[..., Counting]:
    """Counts the events given, of SLOs observed from the beginning unless it is said otherwise."""

    def make(slos, events, objectives=(), since=0, now=NOW) -> Counting:
        known = {slo.name: slo for slo in slos}
        past = [PastObjective(second, Objective(Decimal(target))) for second, target in objectives]
        return Counting(Booked(events), known, dict.fromkeys(known, since), lambda _: past, now)

    return make
