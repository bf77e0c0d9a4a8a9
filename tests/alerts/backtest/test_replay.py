"""Replays: the same alerts as the engine itself, moment by moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import AlertEngine, AlertKind, Notice, Receiver
from fournines.alerts.backtest.burn_history import BurnHistory
from fournines.alerts.backtest.history import FakeHistorySource, Span, read_history
from fournines.alerts.backtest.policies import FILE
from fournines.alerts.backtest.policy import AlertRule, Clause
from fournines.alerts.backtest.replay import replay
from fournines.slo import (
    SLO,
    BurnRule,
    Evaluator,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Observation,
    Severity,
    Window,
)

PAGE, TICKET = Severity.PAGE, Severity.TICKET


@dataclass
class Known:
    """An event source that, asked at a moment, knows what was booked before it, and nothing else."""

    points: Sequence[HistoryPoint]

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        since = min((point.t for point in self.points if point.t < now), default=-1)
        return FakeEventSource(lambda _, window: self._count(window, now), dict.fromkeys(names, since)).observe(
            names, windows, now
        )

    def _count(self, window: Window, now: float) -> EventCount:
        start = window.interval(now).start
        seen = [point for point in self.points if start <= point.t < now]
        return EventCount(sum(point.good for point in seen), sum(point.total for point in seen))

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        return ()


def as_the_engine_says(slo: SLO, points: Sequence[HistoryPoint], span: Span) -> list[tuple[Severity, int, int | None]]:
    """Every page and ticket that somebody is told of, by asking the evaluator and the alert engine at every tick."""
    evaluator, source = Evaluator([slo]), Known(points)
    engine = AlertEngine(Path(":memory:"), [Receiver("somebody")])
    told: list[tuple[Severity, int, int | None]] = []
    try:
        for now in span.ticks.tolist():
            for change in engine.evaluate(evaluator.at(source, float(now)), float(now)):
                severity = change.alert.severity
                if change.notice is Notice.TRIGGER and change.alert.key.kind is not AlertKind.NO_DATA:
                    told.append((severity, now, None))
                if change.notice is Notice.RESOLVE:
                    at = max(index for index, each in enumerate(told) if each[0] is severity)
                    told[at] = (severity, told[at][1], now)
    finally:
        engine.close()
    return sorted(told, key=lambda it: (it[1], it[0].value))


def as_replayed(slo: SLO, points: Sequence[HistoryPoint], span: Span) -> list[tuple[Severity, int, int | None]]:
    history = read_history(FakeHistorySource({slo.name: points}), slo.name, span, 3600)
    alerts = replay(FILE.rules(slo), BurnHistory(slo, history), inhibits=FILE.inhibits)
    return [(alert.severity, alert.told, alert.over) for alert in alerts]


STEPS = 100
PAIRS = [(60, 20), (300, 60), (600, 120), (1200, 10)]
counts = st.tuples(st.integers(0, 3), st.sampled_from([0, 0, 0, 0, 0, 1, 3, 40]))
rules = st.builds(
    lambda severity, percent, pair: BurnRule(severity, Fraction(percent, 1000), Window(pair[0]), Window(pair[1])),
    st.sampled_from(Severity),
    st.integers(1, 400),
    st.sampled_from(PAIRS),
)


@settings(max_examples=60)
@given(
    booked=st.dictionaries(st.integers(-40, STEPS - 1), counts, max_size=60),
    usual=st.sampled_from([0, 1, 20]),
    its=st.lists(rules, min_size=1, max_size=4),
    least=st.integers(1, 4),
    step=st.sampled_from([10, 20, 60]),
    target=st.sampled_from(["0.9", "0.99", "0.999"]),
)
def test_a_replay_is_what_the_engine_would_have_done(slo, start, booked, usual, its, least, step, target):
    """Who is told of what, when, and when it is over: the same as by asking evaluator and alert engine at the end of every step."""
    every = dict.fromkeys(range(-40, STEPS), (usual, 0)) if usual else {}
    points = [
        HistoryPoint(start + at * 10, good, good + bad)
        for at, (good, bad) in sorted({**every, **booked}.items())
        if good + bad
    ]
    span = Span.of(Interval(start, start + STEPS * 10), step)
    fitting = tuple(rule for rule in its if rule.long.seconds % step == 0 and rule.short.seconds % step == 0)
    promised = slo(target, window=Window(3600), rules=fitting, min_bad_events=least)

    assert as_the_engine_says(promised, points, span) == as_replayed(promised, points, span)


HALF = (BurnRule(PAGE, Fraction(1, 36), Window(20), Window(10)),)
"""At a target of 0.9 over an hour: more than half of the events fail, over both windows."""


@pytest.mark.parametrize(
    ("bad", "alerts"),
    [
        ({0: (1, 1)}, []),
        ({0: (1, 2)}, [(10, 320)]),
        ({0: (1, 2), 310: (0, 1)}, [(10, 630)]),
        ({0: (1, 2), 320: (0, 1)}, [(10, 320), (330, 640)]),
        ({0: (1, 2), 310: (0, 1), 600: (0, 1)}, [(10, None)]),
    ],
    ids=["equal is not above", "above", "met again in time", "met again too late", "still open at the end"],
)
def test_an_alert_is_open_as_long_as_the_engine_keeps_it(bad, alerts, slo, start):
    """Above is strictly above; clear for five minutes on end is over, and a moment less is not."""
    promised = slo("0.9", window=Window(3600), rules=HALF, min_bad_events=1)
    points = [HistoryPoint(start - 4000, 1, 1), *(HistoryPoint(start + at, g, g + b) for at, (g, b) in bad.items())]
    span = Span.of(Interval(start, start + 700), 10)

    expected = [(PAGE, start + told, over and start + over) for told, over in alerts]

    assert expected == as_replayed(promised, points, span) == as_the_engine_says(promised, points, span)


@pytest.mark.parametrize(("failing", "told"), [(40, []), (50, [60]), (90, [60])])
def test_an_alert_waits_as_prometheus_does(failing, told, burns, start):
    """With `for: 50s` it fires at the first tick at which it has held for so long, and not if it stops before."""
    rule = AlertRule(PAGE, (Clause((Window(10),), Fraction(1)),), wait=50)
    found = replay((rule,), burns(dict.fromkeys(range(0, failing + 10, 10), (0, 1)), 200), inhibits=False)

    assert [start + at for at in told] == [alert.told for alert in found]


def test_without_keeping_an_alert_is_over_when_it_is_clear(burns, start):
    """As Prometheus has it where no `keep_firing_for` is said: each stretch is an alert of its own."""
    rule = AlertRule(TICKET, (Clause((Window(10),), Fraction(1)),))

    found = replay((rule,), burns({0: (0, 1), 10: (0, 1), 30: (0, 1)}, 60), inhibits=True)

    assert [(start + 10, start + 30), (start + 40, start + 50)] == [(alert.told, alert.over) for alert in found]


def test_an_alert_says_how_far_back_its_failures_lie(burns):
    """Within its shortest window, of the clause that held, and what it waited."""
    clauses = (Clause((Window(60), Window(20)), Fraction(1)), Clause((Window(300),), Fraction(900)))
    rule = AlertRule(PAGE, clauses, wait=30)

    assert [50] == [
        alert.seconds for alert in replay((rule,), burns({0: (9, 1), 10: (9, 1), 20: (9, 1)}, 100), inhibits=False)
    ]


def test_a_window_is_counted_as_the_evaluator_asks_for_it(burns, start):
    """Also where it begins at a boundary of coarser buckets than the steps, from which several ticks in a row count."""
    booked = {at * 10: (at % 7, at % 3) for at in range(-27_000, 40)}
    history = burns(booked, 400).history

    for window in (Window(70), Window(3 * 86_400 + 60), Window(3 * 86_400 + 70)):
        starts = [window.interval(now).start - start for now in history.span.ticks.tolist()]
        expected = [
            sum(bad for at, (_, bad) in booked.items() if begin <= at < tick)
            for tick, begin in zip(range(10, 410, 10), starts, strict=True)
        ]
        assert expected == history.bad_in(window).tolist()
