"""Local time by the rules of each zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import InvalidValue
from fournines.slo.local_time import to_epoch, to_local, zone_named

local = datetime.fromisoformat

ZONES = st.sampled_from(sorted(available_timezones())).map(zone_named)
LOCAL = st.datetimes(local("1950-01-01"), local("2037-12-31")).map(lambda each: each.replace(microsecond=0))


@given(ZONES, LOCAL)
def test_a_wall_clock_shows_it_then_and_not_before(zone, shown):
    """The second found is the first one at which clocks show that time; a time that is jumped over is shown by nobody."""
    found = to_epoch(shown, zone)
    shows = [at for at in range(found - 7200, found + 1, 900) if to_local(at, zone) == shown]

    assert shows in ([found], [])
    if not shows:
        offsets = {zone.utcoffset(shown.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
        assert len(offsets) == 2
        assert to_local(found, zone) - shown == max(offsets) - min(offsets)


@given(ZONES, st.integers(-600_000_000, 2_000_000_000))
def test_a_shown_time_is_found_again(zone, seconds):
    """What clocks show at a second is shown at that second, or already was before they were put back."""
    assert to_epoch(to_local(seconds, zone), zone) <= seconds
    assert to_local(to_epoch(to_local(seconds, zone), zone), zone) == to_local(seconds, zone)


@pytest.mark.parametrize(
    ("zone", "shown", "utc"),
    [
        ("Europe/Berlin", local("2026-07-01"), local("2026-06-30 22:00")),
        ("Europe/Berlin", local("2026-03-29 02:30"), local("2026-03-29 01:30")),
        ("Europe/Berlin", local("2026-10-25 02:30"), local("2026-10-25 00:30")),
        ("Asia/Kathmandu", local("2026-01-01"), local("2025-12-31 18:15")),
        ("Pacific/Apia", local("2011-12-30"), local("2011-12-30 10:00")),
    ],
)
def test_known_moments(zone, shown, utc):
    """In summer, in the hour that is skipped, in the hour that comes twice, at a quarter hour, on the day Samoa left out."""
    assert to_epoch(shown, ZoneInfo(zone)) == utc.replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Nowhere", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0", "CEST"]
)
def test_what_is_no_zone_is_refused(name):
    """With our own error, which says what to write."""
    with pytest.raises(InvalidValue, match="write its IANA name, such as Europe/Berlin"):
        zone_named(name)


def test_fractions_of_a_second_are_cut():
    """A moment within a second shows that second."""
    assert to_local(59.9, zone_named("UTC")) == local("1970-01-01") + timedelta(seconds=59)
