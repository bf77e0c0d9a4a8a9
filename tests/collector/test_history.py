"""History as a collector tells it: every event booked, in steps, from whatever buckets are kept at that age."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector import Collector, Ledger, Signal
from fournines.slo import DAY, Interval

STEPS = st.sampled_from([10, 30, 50, 60, 300, 3600, 7200])


@given(st.data())
def test_history_is_a_recount(opened_history, data):
    """The points of a history add up to the events booked in its interval, each in the step it was booked in."""
    collector, now, booked = opened_history
    step = data.draw(STEPS)
    start = int(now) // 3600 * 3600 - data.draw(st.integers(0, 2 * 360)) * 10
    end = start + data.draw(st.integers(1, 800)) * 10
    points = collector.history("all", Interval(start, end), step)
    expected: dict[int, list[int]] = {}
    for t, good, total in booked:
        if start <= t < end:
            point = expected.setdefault(start + (t - start) // step * step, [0, 0])
            point[0] += good
            point[1] += total

    assert [(t, *counts) for t, counts in sorted(expected.items())] == [tuple(point) for point in points]


@pytest.fixture(scope="module")
def opened_history(tmp_path_factory, otlp, span, slo, decoders, now):
    """A collector with two hours of events, in and about every bucket, and what was booked."""
    collector = Collector(
        Ledger(tmp_path_factory.mktemp("history"), now), [slo("all"), slo("other", "other")], now, decoders
    )
    booked, answers = [], []
    for index in range(900):
        end = now - 9000 + 10 * index + index % 7
        status = 500 if index % 5 == 0 else 200
        booked.append((int(end) // 10 * 10, int(status == 200), 1))
        answers.append(collector.accept(Signal.TRACES, otlp.spans(span(end, status=status)), now))
    assert all(answer.result().accepted for answer in answers)
    yield collector, now, booked
    collector.close()


def test_old_history_comes_from_coarser_buckets(opened, otlp, span, slo, now):
    """Where ten seconds are kept no more a history is told by minutes, and then by hours, without losing an event."""
    collector = opened([slo("all")])
    ends = [now - age for age in (0, 5 * DAY, 5 * DAY + 30, 100 * DAY, 399 * DAY)]
    collector.accept(Signal.TRACES, otlp.spans(*(span(end) for end in ends)), now).result()
    points = collector.history("all", Interval(int(now) - 400 * DAY, int(now) + 10), DAY)

    assert 5 == sum(point.total for point in points)
    assert 4 == len(points)
    minute = collector.history("all", Interval(int(now - 6 * DAY), int(now)), 10)
    assert {int(end) // 60 * 60 for end in ends[1:3]} == {point.t // 60 * 60 for point in minute}


@pytest.mark.parametrize("step", [0, -10, 15])
def test_a_step_is_a_multiple_of_a_bucket(opened, slo, now, step):
    """Buckets can't be split."""
    with pytest.raises(ValueError, match="multiple of 10"):
        opened([slo("all")]).history("all", Interval(0, 100), step)


def test_nobody_has_no_history(opened, now):
    """An SLO that is not known has no points, and neither has an empty interval."""
    collector = opened()

    assert [] == collector.history("nobody", Interval(0, 100), 10)
