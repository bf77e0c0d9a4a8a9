"""The source that answers what it is told."""

from __future__ import annotations

from fractions import Fraction

from fournines.slo import EventCount, FakeEventSource, HistoryPoint, Interval, Window

HOUR = Window(3_600)


def test_of_what_nothing_is_said_all_was_observed():
    """From the beginning of time, a moment ago, by somebody who is not silent."""
    seen = FakeEventSource(lambda *_: EventCount(1, 2)).observe(["a"], [HOUR], 7.0)

    assert (seen.good.tolist(), seen.total.tolist()) == ([[1]], [[2]])
    assert (seen.estimated.tolist(), seen.allowed, seen.unheard) == ([[0]], {}, {})
    assert (seen.since.tolist(), seen.heard.tolist(), seen.silent.tolist()) == ([0], [7.0], [False])


def test_what_is_said_of_one_is_said_of_that_one():
    """By its name: changed objectives, and why nobody was heard."""
    source = FakeEventSource(
        lambda *_: EventCount(1, 2), allowed={"b": lambda _: Fraction(1, 10)}, unheard={"c": "the engine is away"}
    )
    seen = source.observe(["a", "b", "c"], [HOUR], 7.0)

    assert (seen.allowed, seen.unheard) == ({1: [Fraction(1, 10)]}, {2: "the engine is away"})


def test_a_point_knows_its_failures():
    """Whatever is not good is bad."""
    assert HistoryPoint(0, 3, 5).bad == 2


def test_its_history_begins_and_ends_with_the_interval():
    """Points that begin in it, its end not among them."""
    points = [HistoryPoint(t, 1, 1) for t in (90, 100, 150, 200, 250)]
    source = FakeEventSource(lambda *_: EventCount(0, 0), points={"a": points})

    assert [point.t for point in source.history("a", Interval(100, 200), 50)] == [100, 150]
    assert source.history("b", Interval(100, 200), 50) == []
