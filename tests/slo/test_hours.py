"""Hours of days, by the clocks on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import InvalidValue
from fournines.slo.hours import Hours, fill_the_week

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
NIGHT = Hours(time(20), time(8), "Europe/Berlin")
TIMES = st.integers(0, 95).map(lambda quarters: time(quarters // 4, quarters % 4 * 15))
HOURS = st.builds(Hours, TIMES, TIMES, st.sampled_from(ZONES), st.frozensets(st.integers(0, 6), min_size=1))


def utc(text):
    """Epoch seconds of a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@settings(max_examples=200)
@given(HOURS, st.integers(int(utc("2026-01-01")), int(utc("2027-12-31"))))
def test_they_are_when_the_clock_says_so(hours, now):
    """By day and time of day; where clocks show an hour twice, or never, by its first and by what it would have been."""
    zone = ZoneInfo(hours.zone)
    local = datetime.fromtimestamp(now, zone)
    changes = len({(local + timedelta(hours=n)).astimezone(zone).utcoffset() for n in range(-30, 30)}) > 1
    clock, day = local.time(), local.weekday()
    if hours.start < hours.end:
        held = hours.start <= clock < hours.end and day in hours.days
    else:
        held = (clock >= hours.start and day in hours.days) or (clock < hours.end and (day - 1) % 7 in hours.days)
    found = hours.at(now)

    if not changes:
        assert held is (found is not None)
    if found is not None:
        assert found.start <= now < found.end
        assert hours.at(found.start) == found
        assert 0 < found.seconds <= 25 * 3_600


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-28T19:00", "2026-03-29T06:00"),  # the night that is an hour shorter
        ("2026-10-24T18:00", "2026-10-25T07:00"),  # and the one that is an hour longer
        ("2026-07-01T06:00", None),
        ("2026-07-01T17:59", None),
        ("2026-07-01T18:00", "2026-07-02T06:00"),
        ("2026-07-02T05:59", "2026-07-02T06:00"),
    ],
)
def test_eight_is_eight_in_summer_and_winter(now, until):
    """Whoever comes at eight finds the tickets told, whatever the clocks did at night."""
    found = NIGHT.at(utc(now))

    assert (until and utc(until)) == (found and found.end)


@pytest.mark.parametrize(
    ("hours", "filled"),
    [
        ([Hours(time(0), time(0))], True),
        ([Hours(time(20), time(8)), Hours(time(8), time(20))], True),
        ([Hours(time(20), time(8)), Hours(time(8), time(19, 59))], False),
        ([Hours(time(9), time(9), "UTC", frozenset(range(6))), Hours(time(9), time(9), "UTC", frozenset({6}))], True),
        ([Hours(time(9), time(9), "UTC", frozenset(range(6)))], False),
        ([Hours(time(0), time(12)), Hours(time(12), time(0), "Asia/Kathmandu")], False),
        ([], False),
    ],
)
def test_a_week_can_be_filled(hours, filled):
    """By hours of one zone; what is left between two zones is not looked for."""
    assert filled is fill_the_week(hours)


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        (Hours(time(8, 30), time(8, 33), days=frozenset({1})), [1_950, 1_951, 1_952]),
        (Hours(time(23, 59), time(0, 1), days=frozenset({2})), [4_319, 4_320]),
        (Hours(time(23, 58), time(0, 1), days=frozenset({6})), [10_078, 10_079, 0]),
        (Hours(time(0, 1), time(0, 1), days=frozenset({6})), [*range(8_641, 10_080), 0]),
        (Hours(time(7), time(7, 1)), [420, 1_860, 3_300, 4_740, 6_180, 7_620, 9_060]),
    ],
)
def test_a_week_has_10080_minutes(hours, minutes):
    """The first of Monday follows the last of Sunday."""
    assert minutes == list(hours.minutes())


@pytest.mark.parametrize("change", [{"days": frozenset()}, {"days": frozenset({7})}, {"zone": "Mars"}])
def test_they_begin_on_days_there_are(change):
    """Of which a week has seven, on clocks of a zone that somebody knows."""
    with pytest.raises(InvalidValue, match=r"."):
        Hours(**{"start": time(20), "end": time(8)} | change)
