"""Calendar windows: periods of local time that follow one another without a gap, whatever clocks do."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import BUCKET, DAY, FIRST_MONDAY, HOUR, CalendarWindow, InvalidValue, Window, parse_window, tier_at
from fournines.slo.local_time import to_epoch, zone_named

local = datetime.fromisoformat

STEPS = {
    "d": lambda count: relativedelta(days=count),
    "w": lambda count: relativedelta(weeks=count),
    "M": lambda count: relativedelta(months=count),
    "Q": lambda count: relativedelta(months=3 * count),
    "Y": lambda count: relativedelta(years=count),
}
KINDS = st.one_of(
    st.tuples(st.integers(1, 60), st.just("d")),
    st.tuples(st.integers(1, 50), st.just("w")),
    st.tuples(st.integers(1, 12), st.just("M")),
    st.tuples(st.integers(1, 4), st.just("Q")),
    st.just((1, "Y")),
)
STARTS = st.datetimes(local("1999-01-01"), local("2030-12-31")).map(lambda start: start.replace(microsecond=0))
WINDOWS = st.builds(
    lambda kind, start, zone: CalendarWindow(*kind, start, zone),
    KINDS,
    STARTS,
    st.sampled_from(sorted(available_timezones())),
)
NOW = st.one_of(st.floats(946_684_800, 2_082_758_400), st.floats(-3e8, 3e8))


def at(*moment):
    """Epoch seconds of a moment in UTC."""
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def begins(window, number):
    """Where a period begins, by another library's months."""
    local = window.start + number * STEPS[window.unit](window.count)
    if window.unit in "MQY":
        months = {"M": 1, "Q": 3, "Y": 12}[window.unit] * window.count * number
        local = window.start + relativedelta(months=months)
    return to_epoch(local, zone_named(window.zone))


@given(WINDOWS, NOW)
def test_now_is_in_the_period_that_counting_from_the_start_finds(window, now):
    """The period found begins at the last of start + k x count units that is not after now, and ends at the next."""
    begin, end = window.period(now)
    days = (now - to_epoch(window.start, zone_named(window.zone))) / DAY
    around = int(days // (window.seconds / DAY))
    reach = abs(around) // 20 + 3
    known = sorted({begins(window, number) for number in range(around - reach, around + reach)})

    assert begin == max(each for each in known if each <= now)
    assert end == min(each for each in known if each > now)


@given(WINDOWS, NOW)
def test_periods_follow_one_another(window, now):
    """A period ends where the next begins, and every second of it says the same period."""
    begin, end = window.period(now)

    assert window.period(end)[0] == end
    assert window.period(begin) == window.period(end - 1) == (begin, end)
    assert window.period(begin - 1)[1] == begin


@given(WINDOWS, NOW)
def test_lengths(window, now):
    """A period is at most its nominal length and what clocks are put back; what is elapsed of it grows up to its length."""
    begin, end = window.period(now)

    assert window.length(now) == end - begin
    assert 0 < window.length(now) <= window.seconds + DAY
    assert 1 <= window.elapsed(now) <= window.length(now)
    assert window.elapsed(begin) <= max(1, window.width)
    assert window.elapsed(end - 1) >= window.length(now) - 1
    assert window.elapsed(now) == min(end - begin, max(1, math.floor(now) - window.interval(now).start))
    assert window.ahead(now) == end - now


@given(WINDOWS, NOW)
def test_the_interval_stays_where_its_period_begins(window, now):
    """It starts at the last bucket's boundary before the period does, all period long, and ends with the bucket being filled."""
    begin, end = window.period(now)
    interval = window.interval(now)

    assert interval.start % window.width == 0
    assert interval.start <= begin < interval.start + window.width
    assert interval.start == window.interval(begin).start == window.interval(end - 1).start
    assert interval.end == Window(BUCKET).interval(now).end


@given(WINDOWS)
def test_its_buckets_are_kept_until_its_period_ends(window):
    """Even one that lasts an hour longer than usual, because clocks are put back in it."""
    assert window.width == tier_at(window.seconds + DAY).width
    assert window.seconds + 2 * HOUR <= 400 * DAY


@pytest.mark.parametrize(("days", "width"), [(1, 10), (2, 10), (3, 60), (34, 60), (35, 3600), (399, 3600)])
def test_buckets_of_days(days, width):
    """Three days may last an hour longer than fine buckets are kept, so they are counted in minutes, and 35 days in hours."""
    assert CalendarWindow(days, "d").width == width


@pytest.mark.parametrize(
    ("text", "zone", "now", "begin", "end"),
    [
        ("1d", "Europe/Berlin", at(2026, 3, 29, 12), at(2026, 3, 28, 23), at(2026, 3, 29, 22)),
        ("1d", "Europe/Berlin", at(2026, 10, 25, 12), at(2026, 10, 24, 22), at(2026, 10, 25, 23)),
        ("1d", "Australia/Lord_Howe", at(2026, 10, 3, 20), at(2026, 10, 3, 13, 30), at(2026, 10, 4, 13)),
        ("1d", "Pacific/Apia", at(2011, 12, 30, 9), at(2011, 12, 29, 10), at(2011, 12, 30, 10)),
        ("1d", "Pacific/Apia", at(2011, 12, 30, 10), at(2011, 12, 30, 10), at(2011, 12, 31, 10)),
        ("1w", "UTC", at(2026, 11, 23), at(2026, 11, 23), at(2026, 11, 30)),
        ("1w", "UTC", at(2026, 11, 22, 23, 59, 59), at(2026, 11, 16), at(2026, 11, 23)),
        ("1M", "Asia/Kathmandu", at(2028, 2, 10), at(2028, 1, 31, 18, 15), at(2028, 2, 29, 18, 15)),
        ("1M", "America/New_York", at(2026, 3, 31), at(2026, 3, 1, 5), at(2026, 4, 1, 4)),
        ("1M", "America/St_Johns", at(2009, 11, 1, 2, 31, 30), at(2009, 11, 1, 2, 30), at(2009, 12, 1, 3, 30)),
        ("1Q", "UTC", at(2026, 5, 1), at(2026, 4, 1), at(2026, 7, 1)),
        ("1Y", "UTC", at(2028, 12, 31, 23, 59, 59), at(2028, 1, 1), at(2029, 1, 1)),
    ],
)
def test_known_periods(text, zone, now, begin, end):
    """Days of 23, 25 and 23.5 hours, a day that never was, weeks from Monday, a leap February, a month of 743 hours.

    And a month that began at midnight, when a minute later clocks went back to the evening before.
    """
    assert parse_window(text, FIRST_MONDAY, zone).period(now) == (begin, end)


@pytest.mark.parametrize(
    ("start", "unit", "now", "begin", "end"),
    [
        ("2026-01-31", "M", (2026, 2, 28), (2026, 2, 28), (2026, 3, 31)),
        ("2026-01-31", "M", (2028, 3, 30), (2028, 2, 29), (2028, 3, 31)),
        ("2024-02-29", "Y", (2027, 3, 1), (2027, 2, 28), (2028, 2, 29)),
        ("2026-05-31", "Q", (2025, 12, 1), (2025, 11, 30), (2026, 2, 28)),
    ],
)
def test_months_without_such_a_day_begin_on_their_last(start, unit, now, begin, end):
    """And the next one has the day again: clipping is not carried on. Before the start there were periods as well."""
    assert CalendarWindow(1, unit, local(start)).period(at(*now)) == (at(*begin), at(*end))


def test_a_start_in_the_hour_that_is_skipped():
    """Weeks from Sunday at half past two begin at half past three where that hour is skipped, and at half past two again after."""
    week = CalendarWindow(1, "w", local("2026-03-22 02:30"), "Europe/Berlin")

    assert week.period(at(2026, 3, 29, 1, 29, 59)) == (at(2026, 3, 22, 1, 30), at(2026, 3, 29, 1, 30))
    assert week.period(at(2026, 3, 29, 1, 30)) == (at(2026, 3, 29, 1, 30), at(2026, 4, 5, 0, 30))


def test_a_start_in_the_hour_that_comes_twice():
    """A day from half past two begins the first time that clocks show it, and goes on when they are put back before it."""
    day = CalendarWindow(1, "d", local("2026-10-20 02:30"), "Europe/Berlin")
    first = at(2026, 10, 25, 0, 30)

    assert day.period(first - 1)[1] == first
    assert {day.period(first + minutes * 60) for minutes in range(0, 120, 10)} == {(first, at(2026, 10, 26, 1, 30))}


@pytest.mark.parametrize(
    ("count", "unit", "changes", "message"),
    [
        (0, "M", {}, "spans 1d to 1Y, not 0M"),
        (13, "M", {}, "not 13M"),
        (400, "d", {}, "not 400d"),
        (2, "Y", {}, "not 2Y"),
        (1, "h", {}, "'h' is no unit"),
        (1, "", {}, "no unit"),
        (1, "M", {"zone": "Nowhere/There"}, "no time zone"),
        (1, "M", {"start": datetime(2026, 1, 1, tzinfo=UTC)}, "local time"),
    ],
)
def test_what_is_no_calendar_is_refused(count, unit, changes, message):
    """Nothing, what is not kept that long, unknown units and zones, and a start that brings a zone of its own."""
    with pytest.raises(InvalidValue, match=message):
        CalendarWindow(count, unit, **changes)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1d", DAY), ("399d", 399 * DAY), ("12M", 372 * DAY), ("1Q", 92 * DAY), ("1Y", 366 * DAY)]
)
def test_nominal_lengths(text, seconds):
    """As long as the longest period, in whole days; and as long is the rolling window that stands for it."""
    window = parse_window(text, FIRST_MONDAY)

    assert (window.seconds, window.rolling) == (seconds, Window(seconds))


@given(WINDOWS)
def test_text_round_trip(window):
    """What a calendar window says of itself reads back as that window, where its start and zone are said too."""
    assert parse_window(str(window), window.start, window.zone) == window


def test_texts_without_a_start():
    """Months, quarters and years are calendars' alone; days and weeks roll, unless a start is said."""
    assert parse_window("1M") == CalendarWindow(1, "M", FIRST_MONDAY, "UTC")
    assert parse_window("2w") == Window(14 * DAY)
    assert parse_window("1h30m") == Window(5_400)
    assert parse_window("2w", local("2026-01-05")) == CalendarWindow(2, "w", local("2026-01-05"))


@pytest.mark.parametrize("text", ["", "M", "0M", "1m1M", "1.5M", "01M", "1M ", "99999d"])
def test_texts_that_say_no_window(text):
    """They are refused with our own error."""
    with pytest.raises(InvalidValue):
        parse_window(text, FIRST_MONDAY)


def test_both_kinds_are_ordered_by_length():
    """A shorter one sorts first; of the same length the rolling one; then by what they say, so that an order is always the same."""
    month, rolling = CalendarWindow(1, "M"), Window(31 * DAY)
    berlin, later = CalendarWindow(1, "M", zone="Europe/Berlin"), CalendarWindow(1, "M", FIRST_MONDAY + timedelta(1))
    expected = [
        Window(DAY),
        CalendarWindow(1, "d"),
        Window(30 * DAY),
        rolling,
        CalendarWindow(31, "d"),
        berlin,
        month,
        later,
    ]

    assert min(month, rolling) == min(rolling, month) == rolling
    assert [str(window) for window in sorted(expected)[:4]] == ["1d", "1d", "30d", "31d"]
    assert sorted(expected)[3:] == [rolling, *sorted([CalendarWindow(31, "d"), berlin, month, later])]
    assert month > rolling
    assert rolling < month
    assert month > Window(DAY)
    assert CalendarWindow(1, "d") < month
    assert not month < CalendarWindow(1, "M")
    assert not month > CalendarWindow(1, "M")
