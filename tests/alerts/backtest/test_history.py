"""Spans and moments: what may be asked for, and what not."""

from __future__ import annotations

import pytest

from fournines.alerts.backtest.history import STEPS, Span
from fournines.alerts.backtest.moment import parse_moment
from fournines.alerts.errors import BacktestError
from fournines.slo import TIERS, Interval


def test_every_step_fits_the_buckets_counts_are_kept_in():
    """One divides the other, so that a window begins at the boundary of both."""
    assert [] == [(step, tier) for step in STEPS for tier in TIERS if step % tier.width and tier.width % step]


def test_a_span_is_whole_steps():
    """Those that hold the time asked for; a policy is asked at the end of each."""
    span = Span.of(Interval(65, 175), 60)

    assert (Interval(60, 180), [120, 180]) == (span.interval, span.ticks.tolist())


@pytest.mark.parametrize(("interval", "step"), [((0, 100), 7), ((0, 100), 0), ((200, 100), 10), ((0, 100_000_010), 10)])
def test_a_span_that_is_none_is_an_error(interval, step):
    """A step that fits no bucket, an end before its beginning, more than memory holds."""
    with pytest.raises(BacktestError):
        Span.of(Interval(*interval), step)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1800000000", 1_800_000_000),
        ("1800000000.7", 1_800_000_000),
        ("2027-01-15T08:00:00Z", 1_800_000_000),
        ("2027-01-15 09:00+01:00", 1_800_000_000),
        ("2027-01-15", 1_800_000_000 - 8 * 3600),
        ("now", 1_900_000_000),
        ("-1h30m", 1_900_000_000 - 5400),
    ],
)
def test_moments_are_read_as_people_write_them(text, expected):
    """In UTC where no zone is said."""
    assert expected == parse_moment(text, 1_900_000_000.5)


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("soon", None),
        ("1800000000000", None),
        ("999999999999", None),
        ("", None),
        ("-1x", 1.0),
        ("now", None),
        ("-1h", None),
        ("2027-13-01", 1.0),
    ],
)
def test_what_is_no_moment_is_said(text, now):
    """With what would be one."""
    with pytest.raises(BacktestError, match="is no moment; write 2027-01-15"):
        parse_moment(text, now)
