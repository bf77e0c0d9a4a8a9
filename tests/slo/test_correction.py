"""Corrections: which time is taken out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import DAY, HOUR, MINUTE, Correction, Interval, InvalidValue, merged
from fournines.slo import correction as correction_module
from fournines.slo.local_time import to_epoch

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
START = 1_790_000_000
INTERVALS = st.tuples(st.integers(0, 200), st.integers(-5, 60)).map(lambda pair: Interval(pair[0], pair[0] + pair[1]))


def utc(text):
    """Epoch seconds of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def seconds_of(intervals):
    return {second for interval in intervals for second in range(interval.start, interval.end)}


def widened(start, end, width):
    """Every whole `width` that an interval touches."""
    return set(range(start // width, -(-end // width)))


@given(st.lists(INTERVALS, max_size=8))
def test_merged_intervals_are_the_same_seconds(intervals):
    """In order, apart from each other, none of them empty, and no second more or less."""
    found = merged(intervals)

    assert seconds_of(found) == seconds_of(intervals)
    assert all(interval.start < interval.end for interval in found)
    assert all(one.end < other.start for one, other in pairwise(found))


@given(
    st.integers(0, 4 * HOUR),
    st.integers(1, 4 * HOUR),
    st.sampled_from([MINUTE, HOUR]),
    st.integers(0, 4),
    st.integers(1, 4),
)
def test_once_takes_out_what_it_covers(start, seconds, width, first, hours):
    """Whole minutes, or hours, that it touches, as far as they lie within what is asked."""
    within = Interval(START // HOUR * HOUR + first * HOUR, START // HOUR * HOUR + (first + hours) * HOUR)
    began = START // HOUR * HOUR + start
    found = Correction(began, seconds, "maintenance", "ann").intervals(within, width)
    expected = widened(began, began + seconds, width) & set(range(within.start // width, within.end // width))

    assert {second // width for second in seconds_of(found)} == expected
    assert seconds_of(found) == {at * width + n for at in expected for n in range(width)}
    assert len(found) == (1 if expected else 0)


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    every=st.integers(1, 3),
    hour=st.integers(0, 23),
    seconds=st.integers(1, 3 * DAY),
    first=st.integers(-10, 500),
    length=st.integers(1, 40),
)
def test_weekly_by_its_definition(zone, days, every, hour, seconds, first, length):
    """Every n-th week, counted from its start's, on the days said, at the same time on clocks of its zone, in summer and winter."""
    clocks = ZoneInfo(zone)
    local = datetime.fromisoformat("2026-01-05").replace(hour=hour)  # a Monday
    began = to_epoch(local, clocks)
    rule = f"FREQ=WEEKLY;INTERVAL={every};BYDAY={','.join(sorted(days, key=DAYS.index))}"
    within = Interval((began // DAY + first) * DAY, (began // DAY + first + length) * DAY)
    starts = [
        to_epoch(local + timedelta(days=7 * week + DAYS.index(day)), clocks)
        for week in range(0, 90, every)
        for day in days
    ]
    touched = set().union(*(widened(start, start + seconds, MINUTE) for start in starts))

    found = Correction(began, seconds, "backup", "ann", rule, zone).intervals(within)

    minutes = set(range(within.start // MINUTE, within.end // MINUTE))
    assert {at for each in found for at in range(each.start // MINUTE, each.end // MINUTE)} == touched & minutes
    assert found == merged(found)


@settings(max_examples=40)
@given(
    rule=st.sampled_from(
        [
            "",
            "FREQ=DAILY",
            "FREQ=MONTHLY;BYDAY=1SU",
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=WEEKLY;COUNT=3",
            "FREQ=DAILY;INTERVAL=3;UNTIL=20270301",
            "FREQ=DAILY;BYHOUR=1,5;BYDAY=MO",
        ]
    ),
    zone=st.sampled_from(ZONES),
    seconds=st.integers(1, 10 * DAY),
    cuts=st.lists(st.integers(-100, 1_000), min_size=2, max_size=5, unique=True).map(sorted),
    width=st.sampled_from([MINUTE, HOUR]),
)
def test_however_time_is_cut_the_same_is_taken_out(rule, zone, seconds, cuts, width):
    """What is corrected in adjacent intervals is what is corrected in their union."""
    correction = Correction(START, seconds, "false data", "ann", rule, zone)
    days = [(START // DAY + cut) * DAY for cut in cuts]
    parts = [correction.intervals(Interval(start, end), width) for start, end in pairwise(days)]

    assert merged(each for part in parts for each in part) == correction.intervals(Interval(days[0], days[-1]), width)


@pytest.mark.parametrize(
    ("rule", "zone", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", ["2026-10-18 00:30", "2026-10-25 00:30", "2026-11-01 01:30"]),
        ("FREQ=MONTHLY;BYDAY=1SU", "UTC", ["2026-11-01 00:30"]),
        ("FREQ=MONTHLY;BYDAY=5SA,-5SU", "UTC", ["2026-10-31 00:30", "2026-11-01 00:30"]),
        ("FREQ=YEARLY;BYDAY=-10TH", "UTC", ["2026-10-29 00:30"]),
        ("FREQ=YEARLY;BYDAY=53TH", "UTC", []),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=5SA", "UTC", ["2026-10-31 00:30"]),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TH", "UTC", ["2026-10-15 00:30", "2026-10-22 00:30", "2026-10-29 00:30"]),
        ("FREQ=DAILY;COUNT=2", "UTC", ["2026-10-15 00:30", "2026-10-16 00:30"]),
        ("FREQ=DAILY;UNTIL=20261016T003000Z", "UTC", ["2026-10-15 00:30", "2026-10-16 00:30"]),
        ("FREQ=DAILY;UNTIL=20261016T003000Z", "Europe/Berlin", ["2026-10-15 00:30", "2026-10-16 00:30"]),
        ("FREQ=DAILY;UNTIL=20261016T002959Z", "Europe/Berlin", ["2026-10-15 00:30"]),
        ("FREQ=DAILY;UNTIL=20261016", "UTC", ["2026-10-15 00:30"]),
        ("FREQ=DAILY;BYHOUR=4,7;COUNT=3", "UTC", ["2026-10-15 04:30", "2026-10-15 07:30", "2026-10-16 04:30"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "UTC", []),
    ],
)
def test_known_recurrences(rule, zone, expected):
    """Sundays at half past two stay so when clocks are put back; a rule's end counts itself; only what a rule yields is corrected."""
    correction = Correction(utc("2026-10-15 00:30"), 600, "backup", "ann", rule, zone)

    found = correction.intervals(Interval(utc("2026-10-01"), utc("2026-11-05")))

    assert found == tuple(Interval(utc(text), utc(text) + 600) for text in expected)


def test_the_year_has_no_edges():
    """The last day of a year and the first of the next are days like others, from their first second to their last."""
    within = Interval(utc("2026-12-30"), utc("2027-01-03"))
    days = [utc("2026-12-30") + day * DAY for day in range(4)]
    for second in (0, DAY - 1):
        correction = Correction(utc("2026-10-15") + second, 1, "backup", "ann", "FREQ=DAILY")
        assert correction.intervals(within, 1) == tuple(Interval(day + second, day + second + 1) for day in days)


def test_a_long_correction_reaches_into_a_later_year():
    """What began before the time asked about still covers it."""
    correction = Correction(utc("2025-12-20"), 30 * DAY, "migration", "ann", "FREQ=YEARLY")

    assert correction.intervals(Interval(utc("2027-01-10"), utc("2027-02-01"))) == (
        Interval(utc("2027-01-10"), utc("2027-01-19")),
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("FREQ=HOURLY", "recurs DAILY, WEEKLY, MONTHLY, YEARLY, not HOURLY"),
        ("FREQ=SECONDLY", "not SECONDLY"),
        ("BYDAY=SU", "not without FREQ"),
        ("weekly", "is no recurrence"),
        ("freq=weekly", "is no recurrence"),
        ("FREQ=WEEKLY;FREQ=DAILY", "once"),
        ("FREQ=WEEKLY;BYSECOND=1", "is no recurrence"),
        ("FREQ=WEEKLY;BYDAY=XX", "is no recurrence"),
        ("FREQ=WEEKLY;", "is no recurrence"),
        ("FREQ=WEEKLY;BYDAY=SU\nDTSTART:20200101T000000", "is no recurrence"),
        ("FREQ=WEEKLY;BYDAY=SU\nRDATE=20200101", "is no recurrence"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL is a whole number of 1 or more"),
        ("FREQ=WEEKLY;INTERVAL=00", "INTERVAL is a whole number of 1 or more"),
        ("FREQ=WEEKLY;INTERVAL=-1", "INTERVAL is a whole number of 1 or more"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT is a whole number of 1 or more, not 0"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "never happens"),
        ("FREQ=DAILY;UNTIL=20200101", "never happens"),
        ("FREQ=DAILY;UNTIL=20200101T000000Z", "never happens"),
        ("FREQ=DAILY;UNTIL=soon", "is no recurrence"),
        ("FREQ=DAILY;UNTIL=20261399T000000Z", "is no recurrence"),
        ("FREQ=DAILY;UNTIL=2027", "such as 20261231T235959Z, not 2027"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "stands without COUNT"),
        ("FREQ=MONTHLY;BYDAY=1MO,6MO", "BYDAY counts to 5 in a month"),
        ("FREQ=MONTHLY;BYDAY=-6MO", "to 5 in a month"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=6MO", "to 5 in a month"),
        ("FREQ=YEARLY;BYDAY=54MO", "to 53 in a year"),
        ("FREQ=MONTHLY;BYDAY=0MO", "to 5 in a month"),
        ("FREQ=MONTHLY;BYDAY=001MO", "to 5 in a month"),
        ("FREQ=WEEKLY;BYDAY=1MO", "in nothing else; not 1MO"),
    ],
)
def test_impossible_recurrences(rule, message):
    """What is none, what recurs too often, what would never come about, and what would never end: said at once."""
    with pytest.raises(InvalidValue, match=message):
        Correction(utc("2026-10-15 00:30"), 600, "backup", "ann", rule)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYSETPOS=3", "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1"]
)
@pytest.mark.parametrize("year", [1970, 1999, 2000, 2026, 2028, 2099, 2100])
def test_what_never_happens_is_not_followed_for_long(rule, year, monkeypatch):
    """It is looked for in the last decades that there are, and not from its start to the end of time."""
    tried = []
    recurrence = correction_module._recurrence
    monkeypatch.setattr(
        correction_module, "_recurrence", lambda rule, local: tried.append(local.year) or recurrence(rule, local)
    )
    with pytest.raises(InvalidValue, match="never happens"):
        Correction(utc(f"{year}-02-28 00:30"), 600, "backup", "ann", rule)

    assert [True] == [year > 9930 for year in tried]


@pytest.mark.parametrize("weekday", ["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
@pytest.mark.parametrize("year", range(2000, 2100, 7))
def test_seldom_is_not_never(weekday, year):
    """The 29th of February is each day of the week once in 28 years: that is soon enough, from whatever year on."""
    assert Correction(
        utc(f"{year}-06-15 00:30"), 600, "backup", "ann", f"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY={weekday}"
    )


def test_the_longest_correction():
    """As long as counts are kept at all."""
    correction = Correction(START, 400 * DAY, "another life", "ann")

    assert correction.intervals(Interval(START, START + 500 * DAY), 1) == (Interval(START, START + 400 * DAY),)


@pytest.mark.parametrize(
    "said",
    [
        {"seconds": 0},
        {"seconds": -5},
        {"seconds": 401 * DAY},
        {"reason": ""},
        {"reason": " "},
        {"author": ""},
        {"zone": "Nowhere"},
        {"start": -1, "rule": "FREQ=DAILY"},
        {"start": utc("9999-12-30 23:59")},
        {"start": utc("9999-12-31 12:00"), "zone": "Pacific/Kiritimati", "rule": "FREQ=DAILY"},
    ],
)
def test_impossible_corrections(said):
    """Nothing, more than is kept, nobody, no reason, nowhere, at no time that has a date."""
    with pytest.raises(InvalidValue):
        Correction(**{"start": START, "seconds": 60, "reason": "maintenance", "author": "ann"} | said)


@pytest.mark.parametrize(("start", "fits"), [(-1, False), (0, True), (253_402_214_339, True), (253_402_214_340, False)])
def test_the_times_that_can_be_corrected(start, fits):
    """From 1970's first second to the last that has a date in every zone."""
    if fits:
        assert Correction(start, 60, "false data", "ann").start == start
    else:
        with pytest.raises(InvalidValue, match="from 1970 to 9999"):
            Correction(start, 60, "false data", "ann")


@pytest.mark.parametrize(
    ("rule", "seconds", "moment", "end"),
    [
        ("", HOUR, "2026-12-31 22:59:59", None),
        ("", HOUR, "2026-12-31 23:00:00", "2027-01-01 00:00:00"),
        ("", HOUR, "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("", HOUR, "2027-01-01 00:00:00", None),
        ("", HOUR, "2027-01-01 00:00:01", None),
        ("FREQ=DAILY", 2 * HOUR, "2027-01-01 00:30:00", "2027-01-01 01:00:00"),
        ("FREQ=DAILY", 2 * HOUR, "2027-01-01 01:00:00", None),
        ("FREQ=DAILY", 2 * HOUR, "2027-03-01 23:00:00", "2027-03-02 01:00:00"),
        ("FREQ=DAILY", 30 * HOUR, "2027-01-02 00:00:00", "2027-01-03 05:00:00"),
        ("FREQ=DAILY", 30 * HOUR, "2027-01-02 22:59:59", "2027-01-03 05:00:00"),
    ],
)
def test_when_it_ends_that_a_moment_lies_in(rule, seconds, moment, end):
    """The moment of the end itself is out of it; of times that overlap the last to end counts, begun in another year or not."""
    found = Correction(utc("2026-12-31 23:00:00"), seconds, "maintenance", "ann", rule).end_at(utc(moment))

    assert found == (None if end is None else utc(end))
