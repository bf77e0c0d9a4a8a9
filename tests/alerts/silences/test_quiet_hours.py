"""Which alerts wait for the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from fournines.alerts import AlertKind
from fournines.alerts.silences.quiet_hours import QuietHours
from fournines.slo.hours import Hours

NIGHT = Hours(time(20), time(8), "Europe/Berlin")


def utc(text):
    """Epoch seconds of a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_only_tickets_wait(alert):
    """A page is for the night."""
    quiet = QuietHours([NIGHT])

    assert (
        "quiet hours until 2026-07-02T06:00:00Z"
        == quiet.holding(alert(AlertKind.TICKET), utc("2026-07-01T22:00")).reason
    )
    assert quiet.holding(alert(AlertKind.PAGE), utc("2026-07-01T22:00")) is None
    assert quiet.holding(alert(AlertKind.TICKET), utc("2026-07-01T12:00")) is None


def test_what_people_know_of_is_no_news_in_the_evening(alert):
    """A ticket that was told before is not hushed every night and told every morning; one that waits, waits on."""
    quiet, night = QuietHours([NIGHT]), utc("2026-07-01T22:00")
    known = replace(alert(AlertKind.TICKET), told=True)

    assert quiet.holding(known, night) is None
    assert quiet.holding(replace(known, hushed="silence"), night) is not None


def test_hours_that_follow_each_other_are_one(alert):
    """From Friday evening a ticket waits until Monday."""
    weekend = Hours(time(0), time(0), "Europe/Berlin", frozenset({5, 6}))
    hold = QuietHours([NIGHT, weekend]).holding(alert(AlertKind.TICKET), utc("2026-07-03T19:00"))

    assert utc("2026-07-06T06:00") == hold.until
