"""Maintenance that was known beforehand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts.matching import Matchers
from fournines.alerts.silences.maintenance import Maintenance, MaintenanceWindow
from fournines.alerts.silences.silencer import Silencer
from fournines.slo import Correction
from fournines.slo.local_time import to_epoch

PAY = Matchers.of({"service": "pay"})
MONDAY = datetime.fromisoformat("2026-01-05T02:00")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def window(start=1_000, seconds=60, rule="", zone="UTC", matchers=PAY, reason="patches"):
    return MaintenanceWindow(matchers, Correction(start, seconds, reason, "ops", rule, zone))


@settings(max_examples=100)
@given(
    zone=st.sampled_from(ZONES),
    every=st.integers(1, 3),
    seconds=st.integers(1, 10 * 86_400),
    at=st.integers(-86_400, 60 * 86_400),
)
def test_every_time_of_a_rule_holds_to_the_second(zone, every, seconds, at):
    """At two on clocks of its zone, every so many days; where times overlap, until the last that began is over."""
    clocks = ZoneInfo(zone)
    starts = [to_epoch(MONDAY + timedelta(days=every * number), clocks) for number in range(130)]
    now = to_epoch(MONDAY, clocks) + 60 * 86_400 + at
    ends = [start + seconds for start in starts if start <= now < start + seconds]
    found = window(to_epoch(MONDAY, clocks), seconds, f"FREQ=DAILY;INTERVAL={every}", zone).until(now + 0.9)

    assert max(ends, default=None) == found


@pytest.mark.parametrize(("now", "until"), [(999.9, None), (1_000.0, 1_060), (1_059.9, 1_060), (1_060.0, None)])
def test_once_is_once(now, until):
    """From its first second up to its end."""
    assert until == window().until(now)


def test_whom_it_concerns_waits_and_reads_why(alert):
    """In the words of the file, until the longest is over; nobody else waits."""
    held = Maintenance(
        [window(), window(seconds=90, reason="new database"), window(matchers=Matchers.of({"slo": "x"}))]
    )

    assert "maintenance until 1970-01-01T00:18:10Z: new database" == held.holding(alert(), 1_030).reason
    assert "maintenance until 1970-01-01T00:18:10Z: new database" == held.holding(alert(), 1_070).reason
    assert held.holding(alert(service="shop"), 1_030) is None


def test_the_first_who_holds_says_why(alert):
    """Silences by hand before what files say."""
    first, second = Maintenance([window(start=1_000)]), Maintenance([window(start=0, seconds=2_000, reason="other")])

    assert [True, True, False] == [
        "patches" in Silencer(first, second).holding(alert(), 1_001).reason,
        "other" in Silencer(first, second).holding(alert(), 999).reason,
        Silencer(first, second).holding(alert(), 2_000) is not None,
    ]


def test_a_correction_says_when_it_ends():
    """The hour of a summer's night that clocks show twice is two hours long, and so it ends at its end by the wall's second."""
    night = Correction(
        int(datetime(2026, 10, 25, 0, tzinfo=UTC).timestamp()), 7_200, "patches", "ops", "", "Europe/Berlin"
    )

    assert night.start + 7_200 == night.end_at(night.start) == night.end_at(night.start + 7_199)
    assert night.end_at(night.start + 7_200) is None


def test_of_a_thousand_alerts_at_one_moment_each_window_is_looked_at_once(alert, monkeypatch):
    """Where a rule recurs that is dear; another moment is looked at anew."""
    looked = []
    monkeypatch.setattr(MaintenanceWindow, "until", lambda self, now: looked.append(now) or now + 60)
    window = MaintenanceWindow(Matchers.of({"service": "p*"}), Correction(0, 60, "moving", "ann"))
    maintenance = Maintenance([window, window])
    held = [maintenance.holding(alert(service=f"p{number}"), 1_000.5) for number in range(9)]

    assert (9, [1_000, 1_000]) == (sum(each is not None for each in held), looked)
    assert maintenance.holding(alert(service="shop"), 1_001.0) is None
    assert 4 == len(looked)
