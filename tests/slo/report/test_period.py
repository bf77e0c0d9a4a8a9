"""Periods: what they are called, and from when to when they last on clocks of a place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import DAY, HOUR, CalendarWindow, InvalidValue
from fournines.slo.report import Period

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def second(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "name", "start", "end", "months"),
    [
        ("2026-10", "October 2026", "2026-10-01", "2026-11-01", 1),
        ("2028-02", "February 2028", "2028-02-01", "2028-03-01", 1),
        ("2026-12", "December 2026", "2026-12-01", "2027-01-01", 1),
        ("2026-W01", "week 1 of 2026", "2025-12-29", "2026-01-05", 0),
        ("2026-W53", "week 53 of 2026", "2026-12-28", "2027-01-04", 0),
        ("2026-Q4", "fourth quarter of 2026", "2026-10-01", "2027-01-01", 3),
        ("2026", "2026", "2026-01-01", "2027-01-01", 12),
    ],
)
def test_a_period_is_what_calendars_say(text, name, start, end, months):
    """Months of their lengths, weeks and their years by ISO 8601."""
    period = Period.parse(text)

    assert (name, months) == (period.name, period.months)
    assert (second(start), second(end)) == period.interval("UTC")


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-00", "2026-W54", "2025-W53", "2026-Q5", "0001", "9999", "2026-10-01", "10-2026", "٢٠٢٦"],
)
def test_what_is_no_period_is_refused_in_words(text):
    """Also weeks that a year does not have, and digits of other scripts."""
    with pytest.raises(InvalidValue, match="is no period"):
        Period.parse(text)


@given(year=st.integers(1990, 2100), zone=st.sampled_from(ZONES))
def test_months_quarters_and_the_year_are_of_the_same_time(year, zone):
    """Of any zone: the months of a year follow each other without a gap, and quarters and the year begin and end with them."""
    months = [Period.parse(f"{year}-{month:02d}").interval(zone) for month in range(1, 13)]
    quarters = [Period.parse(f"{year}-Q{number}").interval(zone) for number in range(1, 5)]

    assert [each.end for each in months[:-1]] == [each.start for each in months[1:]]
    assert [(months[n].start, months[n + 2].end) for n in (0, 3, 6, 9)] == quarters
    assert (months[0].start, months[-1].end) == Period.parse(str(year)).interval(zone)


@given(now=st.integers(second("2020-01-01"), second("2030-01-01")), zone=st.sampled_from(ZONES))
def test_a_month_is_the_one_of_calendar_windows(now, zone):
    """A report of a month is of the very seconds that an SLO with a window of that month has; the last one over lies before now."""
    period = Period.month_before(now, zone)
    start, end = CalendarWindow(1, "M", zone=zone).period(period.interval(zone).start)

    assert (start, end) == period.interval(zone)
    assert end <= now < end + 31 * DAY + 2 * HOUR


def test_the_first_year_has_a_trend_too():
    """Its months are those of the year before, of which no report is made."""
    assert "1970-02" == Period.parse("1971-01").last_months(12)[0].text


def test_the_last_months_end_with_that_of_the_last_day():
    """Of a week at the turn of a year that is January; of a quarter its third month."""
    assert [each.text for each in Period.parse("2026-W01").last_months(3)] == ["2025-11", "2025-12", "2026-01"]
    assert [each.text for each in Period.parse("2026-Q1").last_months(2)] == ["2026-02", "2026-03"]
    assert len({each.text for each in Period.parse("2026-10").last_months(12)}) == 12
