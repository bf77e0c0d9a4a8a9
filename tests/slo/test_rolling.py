"""Windows over booked events: at every tick what a recount of the booked times gives."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import (
    BUCKET,
    DAY,
    FIRST_MONDAY,
    HOUR,
    MINUTE,
    WORKBOOK,
    Correction,
    Evaluator,
    EventCount,
    Window,
    evaluate,
    parse_window,
)

START = 1_800_000_000 // HOUR * HOUR
BUDGETS = [
    *(Window.parse(text) for text in ("10m", "1h", "3d", "7d", "30d", "90d")),
    *(
        parse_window(text, FIRST_MONDAY, zone)
        for text, zone in (
            ("1d", "Europe/Berlin"),
            ("1w", "UTC"),
            ("1M", "Asia/Kathmandu"),
            ("1Q", "Australia/Lord_Howe"),
        )
    ),
]
CORRECTIONS = st.builds(
    lambda start, seconds, rule: Correction(START + start, seconds, "maintenance", "ann", rule, "Europe/Berlin"),
    st.integers(-DAY, 40 * DAY),
    st.integers(1, 2 * DAY),
    st.sampled_from(["", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SU"]),
)


def recount(events, interval, taken=()):
    """What was booked in an interval, event by event. A time's bucket is booked whole, as the window's end is."""
    inside = [
        good
        for time, good in events
        if interval.start <= time < interval.end and not any(gap.start <= time < gap.end for gap in taken)
    ]
    return EventCount(sum(inside), len(inside))


@settings(max_examples=50)
@given(
    gaps=st.lists(st.tuples(st.integers(0, 4 * DAY), st.booleans()), min_size=1, max_size=25),
    late=st.lists(st.tuples(st.integers(0, 2 * DAY), st.booleans()), max_size=10),
    ticks=st.lists(st.floats(1, 2 * DAY), min_size=1, max_size=10),
    budget=st.sampled_from(BUDGETS),
    corrections=st.lists(CORRECTIONS, max_size=3),
)
def test_every_tick_equals_a_recount(make_slo, booked_events, gaps, late, ticks, budget, corrections):
    """Though buckets are merged and dropped as they age, every window counts exactly the events booked in its interval.

    Of rolling windows and of calendars', with events that come late, without what corrections take out; and an evaluator that was
    prepared when the periods before were of another length, or is prepared anew as after a restart, says the same of them.
    """
    source, events, time = booked_events(since=START, corrections=tuple(corrections)), [], START
    for gap, good in gaps:
        time += gap
        events.append((time, good))
        source.book(time, EventCount(int(good), 1))
    slo, now, waiting = make_slo(window=budget, rules=WORKBOOK[:2]), float(time), list(late)
    evaluator = Evaluator([slo])
    for tick in ticks:
        now += tick
        if waiting:
            ago, good = waiting.pop()
            events.append((int(now) - ago, good))
            source.book(int(now) - ago, EventCount(int(good), 1))
        evaluation, restarted = evaluator.at(source, now), evaluate([slo], source, now)
        for window in slo.windows:
            interval, width = window.interval(now), max(MINUTE, window.width)
            taken = [gap for each in corrections for gap in each.intervals(interval, width)]
            assert evaluation.count(0, window) == recount(events, interval, taken)
        assert repr(evaluation.status(0)) == repr(restarted.status(0))


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 400))
def test_an_outage_leaves_the_short_window_first(make_slo, booked_events, offset, length):
    """A rolling window forgets an event between its length and its length and two buckets later, and not before."""
    source = booked_events(since=START - 10 * DAY)
    source.book(START + offset, EventCount(0, length))
    slo = make_slo()
    window = Window.parse("5m")

    for after, expected in ((0, length), (window.seconds, length), (window.seconds + 2 * BUCKET, 0)):
        evaluation = evaluate([slo], source, START + offset + after)
        assert evaluation.count(0, window).bad == expected


def test_a_steady_burn_is_the_same_in_every_window(make_slo, booked_events):
    """From the first tick on, a service that fails evenly at its allowed rate shows burn 1 in every covered window."""
    source = booked_events(since=START)
    slo = make_slo(target="0.9", window=Window.parse("1h"), rules=())
    for second in range(0, 2 * HOUR, BUCKET):
        source.book(START + second, EventCount(9, 10))

    for now in range(START + HOUR, START + 2 * HOUR - BUCKET, 137):
        status = evaluate([slo], source, now).status(0)
        assert status.burn == {slo.window: 1}
        assert status.budget.remaining_ratio == 0


def test_a_window_fills_without_a_jump(make_slo, booked_events):
    """While it fills, an outage at the beginning costs the same share of the budget at every tick."""
    source = booked_events(since=START)
    slo = make_slo()
    for second in range(0, 600, BUCKET):
        source.book(START + second, EventCount(0 if second < 20 else 500, 500))

    for now in range(START + 60, START + 600, BUCKET):
        status = evaluate([slo], source, now - 0.5).status(0)
        share = 1 - status.budget.remaining_ratio
        seen = now - START
        assert share == Fraction(1_000, 50 * seen) * Fraction(seen - 1, slo.window.seconds) * 10_000
        assert abs(share - Fraction(20) / Fraction("259.2")) < Fraction(2, 1000)
