"""Silences as they are kept."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.alerts import StoreError
from fournines.alerts.errors import InvalidSilence, UnknownSilence
from fournines.alerts.matching import Matchers
from fournines.alerts.silences import silences as module
from fournines.alerts.silences.silence import Silence, SilenceEnd
from fournines.alerts.silences.silences import Silences

NOW = 1_800_000_000.0
SERVICES = ["pay", "shop"]
PATTERNS = {"pay": {"service": "pay"}, "shop": {"service": "sh*", "severity": "page"}}
"""How each is silenced: by its name, or by less."""
STEP = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(SERVICES), st.integers(-60, 600), st.integers(1, 600)),
    st.tuples(st.just("end"), st.integers(1, 6)),
    st.tuples(st.just("pass"), st.integers(0, 400)),
    st.tuples(st.just("restart")),
)


def silence(service="pay", start=0, until=60, author="ann", reason="deploying"):
    return Silence(Matchers.of({"service": service}), NOW + start, NOW + until, author, reason)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=15))
def test_whatever_is_made_ended_and_restarted_exactly_the_silenced_are_held(alert, steps):
    """By the silence that ends last; a list of intervals says the same."""
    with tempfile.TemporaryDirectory() as folder:
        path, now = Path(folder) / "ledger.db", NOW
        kept, model = Silences(path), {}
        for name, *values in steps:
            match name, *values:
                case "add", service, start, length:
                    said = Silence(Matchers.of(PATTERNS[service]), now + start, now + start + length, "ann", "why")
                    try:
                        made = kept.add(said, now)
                        model[made.number] = [service, said.start, said.until]
                    except InvalidSilence:
                        assert said.until <= now
                case "end", number:
                    try:
                        ended = kept.end(number, "ben", "done", now)
                    except UnknownSilence:
                        assert number not in model
                        continue
                    in_force = now < model[number][2]
                    assert in_force is (ended is not None)
                    if in_force:
                        model[number][2] = now
                case "pass", seconds:
                    now += seconds
                case _:
                    kept.close()
                    kept = Silences(path, now=now)
            for service in SERVICES:
                ends = [end for who, start, end in model.values() if who == service and start <= now < end]
                hold = kept.holding(alert(service=service), now)
                assert (max(ends) if ends else None) == (hold.until if hold else None)
        kept.close()


def test_an_evaluation_that_is_on_its_way_is_held_too(silences, alert):
    """Whoever was answered that it is silent is not woken by what was found a moment before; what is to begin later has not begun."""
    kept = silences()
    kept.add(silence(start=10), NOW + 10)
    kept.add(silence(service="shop", start=20), NOW + 10)

    assert kept.holding(alert(), NOW + 9.9) is not None
    assert kept.holding(alert(service="shop"), NOW + 11) is None
    assert kept.holding(alert(service="shop"), NOW + 20) is not None


def test_a_clock_that_is_set_back_makes_no_silence_longer(silences, alert):
    """A silence of a minute is no silence of the day before: it comes again at its time, before and after a restart alike."""
    kept = silences()
    kept.add(silence(), NOW)

    for each in (kept, silences(now=NOW - 86_400)):
        assert each.holding(alert(), NOW - 86_400) is None
        assert each.holding(alert(), NOW + 59) is not None


def test_it_says_who_silenced_it_until_when_and_why(silences, alert):
    """Whoever asks at night why nobody was told."""
    kept = silences()
    kept.add(silence(), NOW)

    assert "silenced by ann until 2027-01-15T08:01:00Z: deploying" == kept.holding(alert(), NOW).reason


def test_each_is_written_together_with_its_line_of_the_audit_log(silences, path):
    """Where the line can't be written nothing is silenced, and nothing ended."""

    def full(connection, line):
        raise sqlite3.OperationalError("database or disk is full")

    lines = []
    kept = silences(audit=lambda connection, line: lines.append((line, connection.in_transaction)))
    made = kept.add(silence(), NOW)
    broken = silences(audit=full)
    with pytest.raises(StoreError, match="full"):
        broken.add(silence(), NOW)
    with pytest.raises(StoreError, match="full"):
        broken.end(made.number, "ben", "done", NOW)
    assert [made] == list(broken.in_force(NOW)) == list(silences().in_force(NOW))
    kept.end(made.number, "ben", "done", NOW + 1)

    detail = {"id": 1, "start": "2027-01-15T08:00:00Z", "until": "2027-01-15T08:01:00Z"}
    assert [
        ("ann", "silence.add", "silence of service=pay", "deploying", detail, True),
        ("ben", "silence.end", "silence of service=pay", "done", detail, True),
    ] == [(line.author, line.action, line.subject, line.reason, line.detail, within) for line, within in lines]


def test_there_is_an_end_to_the_room_and_what_is_over_makes_some(silences, monkeypatch):
    """Nobody can slow evaluation down by silences."""
    monkeypatch.setattr(module, "MOST_IN_FORCE", 2)
    kept = silences()
    made = [kept.add(silence(until=60 * (number + 1)), NOW) for number in range(3)]

    assert [1, 2, None] == [each and each.number for each in made]
    assert 3 == kept.add(silence(until=600), NOW + 60).number


def test_what_is_over_stays_known_the_newest_first(silences):
    """For whoever asks later; after 400 days it goes."""
    kept = silences()
    kept.add(silence(), NOW)
    second = kept.add(silence(until=90), NOW)
    ended = kept.end(second.number, "ben", "done", NOW + 30)

    assert SilenceEnd(NOW + 30, "ben", "done") == ended.ended
    assert [2, 1] == [each.number for each in kept.past(NOW + 60, 10)]
    assert ended == kept.past(NOW + 60, 1)[0]
    with pytest.raises(UnknownSilence, match="no silence 9"):
        kept.end(9, "ben", "done", NOW)
    kept.add(
        Silence(Matchers.of({"slo": "x"}), NOW + 401 * 86_400, NOW + 402 * 86_400, "ann", "why"), NOW + 401 * 86_400
    )
    assert [] == kept.past(NOW + 401 * 86_400, 10)
