"""Corrections as annotations hold them."""

from __future__ import annotations

import pytest

from fournines.slo import InvalidValue
from fournines.slo.openslo.corrections import parse_corrections

REST = "reason: a, author: b"


def listed(*entries):
    return "\n".join(f"- {{{entry}, {REST}}}" for entry in entries)


@pytest.mark.parametrize(
    "time", ["2026-01-10", "20260110T0100", "2026-W02-6T01:00", "2026-01-10 01", "2026-01-10t01:00"]
)
def test_times_have_one_spelling(time):
    """What other readers of ISO 8601 would make something of is no time here, and editors mark it."""
    with pytest.raises(InvalidValue, match=r"\[0\]\.start: '.*' is no time; write 2026-01-31 02:00:00, in `zone`"):
        parse_corrections(listed(f"start: '{time}', duration: 1h"))


def test_one_ends_after_it_begins():
    """A second is enough; none, or less, is not."""
    (shortest,) = parse_corrections(listed("start: 2026-01-10 01:00:00, end: 2026-01-10 01:00:01"))

    assert shortest.seconds == 1
    for end in ("01:00:00", "00:59:59"):
        with pytest.raises(InvalidValue, match="which is not after"):
            parse_corrections(listed(f"start: 2026-01-10 01:00:00, end: 2026-01-10 {end}"))


def test_all_that_is_wrong_is_said_of_its_entry():
    """Each by its number in the list."""
    wrong = ("end: 2026-01-09 01:00", "duration: 1M", "duration: 1h, rrule: HOURLY")
    with pytest.raises(InvalidValue) as caught:
        parse_corrections(listed(*(f"start: 2026-01-10 01:00, {end}" for end in wrong)))

    for index, why in enumerate(("it ends at", "'1M' is no duration", "'HOURLY' is no recurrence")):
        assert f"[{index}]: {why}" in str(caught.value)


def test_what_stands_twice_is_refused():
    """Whichever of the two was meant."""
    with pytest.raises(InvalidValue, match=r"\[0\]\.duration: stands here twice"):
        parse_corrections(listed("start: 2026-01-10 01:00, duration: 1h, duration: 2h"))


def test_two_hundred_are_enough():
    """More were made by something that has run away."""
    hour = "start: 2026-01-10 01:00, duration: 1h"

    assert len(parse_corrections(listed(*[hour] * 200))) == 200
    with pytest.raises(InvalidValue, match="takes at most 200 item"):
        parse_corrections(listed(*[hour] * 201))
