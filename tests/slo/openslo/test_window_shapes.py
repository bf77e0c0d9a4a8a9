"""Windows as files write them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fournines.slo.openslo.window_shapes import Calendar, TimeWindowEntry

BERLIN = {"startTime": "2026-01-15 06:30:00", "timeZone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("key", "value"), [("startTime", "2026-01-15"), ("startTime", "soon"), ("timeZone", "Nowhere")]
)
def test_a_calendar_is_faulty_where_it_is_written(key, value):
    """Its start and its zone are judged each by itself, not with the window that they would make."""
    with pytest.raises(ValidationError) as caught:
        Calendar.model_validate(BERLIN | {key: value})

    assert [error["loc"] for error in caught.value.errors()] == [(key,)]


@pytest.mark.parametrize("duration", ["1M", "12M", "2Q", "10Q", "1Y"])
def test_months_are_a_calendars(duration):
    """However many: a rolling window has a length, and they have none."""
    with pytest.raises(ValidationError, match=f"{duration} is a calendar's, whose months differ"):
        TimeWindowEntry.model_validate({"duration": duration})


@pytest.mark.parametrize("duration", ["1m", "1h", "12h", "100m"])
def test_a_calendar_has_no_hours(duration):
    """A day of 25 hours would have no place for them."""
    with pytest.raises(ValidationError, match=f"a calendar's window is of days or more, not {duration}"):
        TimeWindowEntry.model_validate({"duration": duration, "calendar": BERLIN})
