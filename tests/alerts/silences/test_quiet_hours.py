"""Quiet hours, by the clocks on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import AlertKind
from fournines.alerts.errors import InvalidQuietHours
from fournines.alerts.silences.quiet_hours import QuietHours, QuietTickets

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
NIGHT = QuietHours(time(20), time(8), "Europe/Berlin")
TIMES = st.integers(0, 95).map(lambda quarters: time(quarters // 4, quarters % 4 * 15))
HOURS = st.builds(QuietHours, TIMES, TIMES, st.sampled_from(ZONES), st.frozensets(st.integers(0, 6), min_size=1))


def utc(text):
    """Epoch seconds of a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@settings(max_examples=200)
@given(HOURS, st.integers(int(utc("2026-01-01")), int(utc("2027-12-31"))))
def test_it_is_quiet_when_the_clock_says_so(hours, now):
    """By day and time of day; where clocks show an hour twice, or never, by its first and by what it would have been."""
    zone = ZoneInfo(hours.zone)
    local = datetime.fromtimestamp(now, zone)
    changes = len({(local + timedelta(hours=n)).astimezone(zone).utcoffset() for n in range(-30, 30)}) > 1
    clock, day = local.time(), local.weekday()
    if hours.start < hours.end:
        quiet = hours.start <= clock < hours.end and day in hours.days
    else:
        quiet = (clock >= hours.start and day in hours.days) or (clock < hours.end and (day - 1) % 7 in hours.days)
    found = hours.at(now)

    if not changes:
        assert quiet is (found is not None)
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


def test_only_tickets_wait(alert):
    """A page is for the night."""
    quiet = QuietTickets([NIGHT])

    assert (
        "quiet hours until 2026-07-02T06:00:00Z"
        == quiet.holding(alert(AlertKind.TICKET), utc("2026-07-01T22:00")).reason
    )
    assert quiet.holding(alert(AlertKind.PAGE), utc("2026-07-01T22:00")) is None
    assert quiet.holding(alert(AlertKind.TICKET), utc("2026-07-01T12:00")) is None


def test_hours_that_follow_each_other_are_one(alert):
    """From Friday evening a ticket waits until Monday."""
    weekend = QuietHours(time(0), time(0), "Europe/Berlin", frozenset({5, 6}))
    hold = QuietTickets([NIGHT, weekend]).holding(alert(AlertKind.TICKET), utc("2026-07-03T19:00"))

    assert utc("2026-07-06T06:00") == hold.until


@pytest.mark.parametrize(
    "hours",
    [
        [QuietHours(time(0), time(0))],
        [QuietHours(time(20), time(8)), QuietHours(time(8), time(20))],
        [QuietHours(time(9), time(9), "UTC", frozenset(range(6))), QuietHours(time(9), time(9), "UTC", frozenset({6}))],
    ],
)
def test_tickets_are_told_at_some_time(hours):
    """Hours that never end would hide every ticket."""
    with pytest.raises(InvalidQuietHours, match="no time"):
        QuietTickets(hours)


@pytest.mark.parametrize("days", [frozenset(), frozenset({7})])
def test_they_begin_on_days_there_are(days):
    """Of which a week has seven."""
    with pytest.raises(InvalidQuietHours, match="day"):
        QuietHours(time(20), time(8), "UTC", days)
