"""Small histories of one SLO, and what they are asked with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fournines.alerts.backtest.burn_history import BurnHistory
from fournines.alerts.backtest.history import FakeHistorySource, Span, read_history
from fournines.slo import DAY, SLI, SLO, HistoryPoint, Interval, Objective, SLIKind

START = 1_800_000_000


def make_slo(target: str = "0.999", **more: Any) -> SLO:
    """An availability SLO of 30 days."""
    return SLO("payments-availability", SLI(SLIKind.AVAILABILITY, "payments"), Objective.parse(target), **more)


def make_burns(
    counts: Mapping[int, tuple[int, int]], seconds: int, slo: SLO | None = None, step: int = 10, *, usual: int = 0
) -> BurnHistory:
    """What an SLO had, by seconds after the start: (good, bad); `usual` good events in every other step of two days before and after."""
    slo = slo or make_slo()
    every = dict.fromkeys(range(-2 * DAY, seconds, step), (usual, 0)) if usual else {}
    points = [
        HistoryPoint(START + second, good, good + bad) for second, (good, bad) in sorted({**every, **counts}.items())
    ]
    span = Span.of(Interval(START, START + seconds), step)
    return BurnHistory(slo, read_history(FakeHistorySource({slo.name: points}), slo.name, span, slo.window.seconds))


@pytest.fixture(scope="session")
def start() -> int:
    """When the tests' spans begin, in epoch seconds."""
    return START


@pytest.fixture(scope="session")
def slo() -> Callable[..., SLO]:
    """Makes an SLO."""
    return make_slo


@pytest.fixture(scope="session")
def burns() -> Callable[..., BurnHistory]:
    """Makes the burn of an SLO of a small history."""
    return make_burns
