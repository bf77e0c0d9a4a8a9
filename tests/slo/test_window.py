"""Time: durations, and which seconds a rolling window covers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import BUCKET, DAY, HOUR, MINUTE, TIERS, Interval, InvalidValue, Window, tier_at

SECONDS = st.integers(BUCKET, TIERS[-1].kept)
MOMENTS = st.one_of(st.floats(1.6e9, 2.5e9), st.floats(-1e6, 1e6))
"""Of this century, and about the beginning of time: there a window starts before it."""


@given(SECONDS)
def test_text_round_trip(seconds):
    """What a window says of itself reads back as that window."""
    assert Window.parse(str(Window(seconds))) == Window(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h", HOUR), ("30d", 30 * DAY), ("4w", 28 * DAY), ("1h30m", 5_400), ("90s", 90), ("1d12h", 129_600)],
)
def test_durations(text, seconds):
    """Durations are numbers with units, one after the other."""
    assert Window.parse(text) == Window(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5M", "1Q", "1Y", "-5m", "5 m", "5m ", "1.5h", "9s", "401d", "9" * 5_000 + "d", "٣m", "5m\n"]
)
def test_no_durations(text):
    """What is no duration, or spans less than a bucket or more than is kept, is refused with our own error."""
    with pytest.raises(InvalidValue):
        Window.parse(text)


def test_the_longest_window_is_as_long_as_counts_are_kept():
    """To the second."""
    assert Window(TIERS[-1].kept).seconds == 400 * DAY


@pytest.mark.parametrize(
    ("seconds", "text"), [(300, "5m"), (HOUR, "1h"), (28 * DAY, "28d"), (90, "90s"), (5_400, "90m"), (25 * HOUR, "25h")]
)
def test_shortest_exact_text(seconds, text):
    """The text is the largest unit that divides the window."""
    assert str(Window(seconds)) == text


def test_windows_are_ordered_by_length():
    """A shorter window sorts first."""
    assert min([Window.parse("3d"), Window.parse("5m"), Window.parse("1h")]) == Window(5 * MINUTE)


@given(SECONDS, MOMENTS)
def test_interval_covers_the_window(seconds, now):
    """A window covers every second of its length up to now, and less than two buckets more."""
    interval = Window(seconds).interval(now)
    width = tier_at(seconds).width

    assert interval.start <= now - seconds < interval.start + width
    assert now < interval.end <= now + BUCKET
    assert seconds <= interval.seconds <= seconds + width + BUCKET


@given(SECONDS, MOMENTS)
def test_interval_starts_where_buckets_of_its_age_do(seconds, now):
    """A window starts at a boundary of the buckets kept at that age, and ends with the bucket being filled."""
    interval = Window(seconds).interval(now)

    assert interval.start % tier_at(seconds).width == 0
    assert interval.end % BUCKET == 0


@given(SECONDS, MOMENTS, st.floats(0, 1e5))
def test_interval_never_moves_back(seconds, now, later):
    """As time goes on a window's start and end only ever grow."""
    before, after = Window(seconds).interval(now), Window(seconds).interval(now + later)

    assert (before.start, before.end) <= (after.start, after.end)


def test_tiers_nest():
    """Each tier's width divides the next, and coarser buckets are kept longer."""
    for finer, coarser in itertools.pairwise(TIERS):
        assert coarser.width % finer.width == 0
        assert coarser.kept > finer.kept


@pytest.mark.parametrize(
    ("age", "width"),
    [(0, 10), (3 * DAY, 10), (3 * DAY + 1, 60), (35 * DAY, 60), (35 * DAY + 1, HOUR), (500 * DAY, HOUR)],
)
def test_tier_at(age, width):
    """Counts are read from the finest tier that still keeps them."""
    assert tier_at(age).width == width


def test_empty_interval():
    """An interval that ends before it starts has no seconds."""
    assert Interval(20, 10).seconds == 0
