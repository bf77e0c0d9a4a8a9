"""When nobody is told, as the file says it."""

from datetime import time

import pytest

from fournines.settings import Flags, load
from fournines.slo import Correction
from fournines.slo.hours import Hours

NIGHT = '{from: "20:00", to: "08:00"}'
SUNDAYS = "start: 2026-01-04 02:00:00, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU, zone: Europe/Berlin, reason: patches"


def test_maintenance_is_said_as_corrections_are(write):
    """A time once or again and again, and whose alerts wait; who says it may be left out."""
    text = f"maintenance: [{{service: pay, {SUNDAYS}}}, {{slo: a*, match: {{team: x}}, author: ann, {SUNDAYS}}}]\n"
    weekly, other = load(write(text), Flags(), {}).maintenance

    assert (
        Correction(1_767_488_400, 3_600, "patches", "operators", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin")
        == weekly.correction
    )
    assert [{"service": "pay"}, {"slo": "a*", "team": "x"}] == [weekly.patterns, other.patterns]


def test_quiet_hours_are_times_of_day(write):
    """With and without quotes; midnight may be 24:00."""
    text = (
        "quiet_hours: [{from: 20:00, to: '08:00'}, {from: 00:00, to: 24:00, days: [sat, sun], zone: Europe/Berlin}]\n"
    )
    night, weekend = load(write(text), Flags(), {}).quiet_hours

    assert Hours(time(20), time(8)) == night.hours
    assert Hours(time(0), time(0), "Europe/Berlin", frozenset({5, 6})) == weekend.hours


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        (f"maintenance:\n  - {{{SUNDAYS}}}\n", 2, "maintenance[0]", "needs `slo`, `service` or `match`"),
        (
            "maintenance:\n  - {slo: a, start: x, duration: 1h, reason: y}\n",
            2,
            "maintenance[0].start",
            "'x' is no time",
        ),
        (
            "maintenance:\n  - {slo: a, start: 2026-01-04 02:00:00, reason: y}\n",
            2,
            "maintenance[0]",
            "`end` and `duration`",
        ),
        (f"maintenance:\n  - {{slo: a, begin: 5, {SUNDAYS}}}\n", 2, "maintenance[0].begin", "unknown key"),
        (f"maintenance:\n  - {{slo: a, match: {{slo: b}}, {SUNDAYS}}}\n", 2, "maintenance[0]", "says `slo` twice"),
        ("maintenance: {slo: a}\n", 1, "maintenance", "a list, such as [{service: payments"),
        ('quiet_hours:\n  - {from: 8, to: "09:00"}\n', 2, "quiet_hours[0].from", 'no time of day; write "20:00"'),
        ('quiet_hours:\n  - {from: "8:00", till: "09:00"}\n', 2, "quiet_hours[0].till", "allowed: `from`, `to`"),
        (f"quiet_hours:\n  - {NIGHT[:-1]}, days: [monday]}}\n", 2, "quiet_hours[0].days[0]", "'mon'"),
        (f"quiet_hours:\n  - {NIGHT[:-1]}, days: []}}\n", 2, "quiet_hours[0]", "one day of the week"),
        (f"quiet_hours:\n  - {NIGHT[:-1]}, zone: Mars}}\n", 2, "quiet_hours[0]", "no time zone"),
        ('quiet_hours:\n  - {from: "00:00", to: "24:00"}\n', 1, "quiet_hours", "no time at which anybody is told"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(fault, text, line, path, words):
    """With file, line and path, and what to write instead."""
    found = next(each for each in fault(text).faults if each.path == path)

    assert line == found.line
    assert words in found.message
