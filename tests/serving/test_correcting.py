"""What is corrected by hand is corrected as files do it, whatever happens."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.collector import Collector, Ledger, Signal
from fournines.collector.records import corrections
from fournines.serving import AuditLog, Correcting
from fournines.slo import (
    DAY,
    HOUR,
    MINUTE,
    SLI,
    SLO,
    SPANS,
    Correction,
    Interval,
    InvalidValue,
    Method,
    Objective,
    SLIKind,
    Window,
)
from fournines.slo.slices import Slices

NOW = 1_790_000_000.0
SLICED = {"method": Method.TIMESLICES, "slices": Slices(Decimal("0.5"), Window(MINUTE))}
SLOS = tuple(
    SLO(name, SLI(SLIKind.AVAILABILITY, service, SPANS), Objective(Decimal("0.9")), Window(7 * DAY), rules=(), **more)
    for name, service, more in (("own", "shop", {}), ("sliced", "shop", SLICED), ("other", "bank", {}))
)
WINDOWS = [Window(HOUR), Window(DAY), Window(7 * DAY)]
CORRECTION = st.builds(
    Correction,
    st.integers(int(NOW) - 2 * DAY, int(NOW) + HOUR),
    st.integers(1, DAY),
    st.just("patches"),
    st.just("ana"),
    st.sampled_from(["", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU"]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
STEP = st.one_of(
    st.tuples(st.just("serve"), st.integers(0, 30 * HOUR), st.sampled_from([200, 500])),
    st.tuples(st.just("correct"), st.sampled_from(["own", "sliced", ""]), CORRECTION),
    st.tuples(st.just("end"), st.integers(1, 4)),
    st.tuples(st.just("pass"), st.integers(0, DAY)),
    st.tuples(st.just("restart")),
)


class Twins:
    """Two collectors that are sent the same: one is corrected by hand, of the other the files are."""

    def __init__(self, folder, decoders, body):
        self.folder, self.decoders, self.body, self.now = folder, decoders, body, NOW
        self.said = {}
        self.open()

    def open(self):
        self.by_hand, self.by_file = (
            Collector(Ledger(self.folder / name, NOW), slos, self.now, self.decoders)
            for name, slos in (("hand", SLOS), ("file", self.filed()))
        )
        self.correcting = Correcting(self.by_hand, lambda: self.now)

    def close(self):
        self.by_hand.close()
        self.by_file.close()

    def filed(self):
        return tuple(
            replace(slo, corrections=tuple(one for name, one in self.said.values() if name in ("", slo.name)))
            if slo.sli.service == "shop"
            else slo
            for slo in SLOS
        )

    def serve(self, age, status):
        for service in ("shop", "bank"):
            body = self.body(service, [status, 200, status], self.now - age)
            for one in (self.by_hand, self.by_file):
                one.accept(Signal.TRACES, body, self.now).result()

    def correct(self, name, correction):
        made = self.correcting.add(name, "" if name else "shop", correction)
        self.said[made.id] = name, correction
        self.by_file.declare(self.filed(), self.now)

    def end(self, number):
        ended = self.correcting.end(number, "ben", "wrong")
        assert (ended is None) == (self.said.pop(number, None) is None)
        self.by_file.declare(self.filed(), self.now)

    def told(self, collector):
        seen = collector.observe([slo.name for slo in SLOS], WINDOWS, self.now)
        history = [
            collector.history(slo.name, Interval(int(self.now) // 60 * 60 - DAY, int(self.now)), MINUTE) for slo in SLOS
        ]
        return seen.good.tolist(), seen.total.tolist(), history


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_a_correction_by_hand_is_one_of_the_file(make_spans, decoders, steps):
    """At every moment, in every window and in history, over restarts, and after it was taken back; other services know nothing of it."""
    with tempfile.TemporaryDirectory() as folder:
        twins = Twins(Path(folder), decoders, make_spans)
        for kind, *what in steps:
            if kind == "pass":
                twins.now += what[0]
            elif kind == "restart":
                twins.close()
                twins.open()
            else:
                getattr(twins, kind)(*what)
            assert twins.told(twins.by_file) == twins.told(twins.by_hand)
        twins.close()


def test_what_is_corrected_is_in_the_audit_log(opened, slo):
    """Who, why and what: when it was made, and when it was taken back."""
    collector = opened(slo("shop-availability"))
    correcting = Correcting(collector, lambda: NOW)
    made = correcting.add("shop-availability", "", Correction(int(NOW), HOUR, "patches", "ana"))
    correcting.end(made.id, "ben", "wrong day")
    ended, begun = AuditLog(collector.ledger).audited(10, None)

    assert ("correction.add", "ana", "patches", "SLO shop-availability") == (
        begun.action,
        begun.author,
        begun.reason,
        begun.subject,
    )
    assert ("correction.end", "ben", "wrong day", made.id) == (
        ended.action,
        ended.author,
        ended.reason,
        ended.detail["id"],
    )


def test_an_slo_that_comes_later_is_corrected_with_its_service(opened, slo, make_spans):
    """What is taken out of a service is taken out of every SLO that it will have, and of nobody else's."""
    collector = opened(slo("first"))
    Correcting(collector, lambda: NOW).add("", "shop", Correction(int(NOW), HOUR, "patches", "ana"))
    collector.declare([slo("first"), slo("later"), slo("others", "bank")], NOW)

    assert {"first": 1, "later": 1, "others": 0} == {each.name: len(each.corrections) for each in collector.slos}


def test_there_is_room_for_so_many(opened, slo, monkeypatch):
    """What was taken back, or is of a time of which nothing is kept any more, takes up none."""
    monkeypatch.setattr(corrections, "MOST_IN_FORCE", 3)
    now = [NOW - 399 * DAY]
    correcting = Correcting(opened(slo("first")), lambda: now[0])
    once = Correction(int(NOW), HOUR, "patches", "ana")
    old = replace(once, start=int(NOW) - 400 * DAY)
    made = [correcting.add("first", "", each) for each in (old, once, once, once)]
    now[0] = NOW + DAY
    made.append(correcting.add("first", "", once))

    assert [1, 2, 3, None, 4] == [each and each.id for each in made]
    assert correcting.end(2, "ben", "wrong")
    assert 5 == correcting.add("first", "", once).id


def test_there_is_nothing_to_take_out_of_what_nobody_keeps(opened, slo):
    """It would be in force, and take up no room: any number would fit."""
    collector = opened(slo("first"))
    once = Correction(int(NOW) - 401 * DAY, HOUR, "patches", "ana")
    with pytest.raises(InvalidValue, match="nothing is kept of 2025-08-16T14:13:20Z"):
        Correcting(collector, lambda: NOW).add("first", "", once)

    assert () == collector.catalogue.corrections
    assert Correcting(collector, lambda: NOW).add("first", "", replace(once, rule="FREQ=DAILY"))


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_is_taken_back_twice(opened, slo, number):
    """Nor what never was."""
    correcting = Correcting(opened(slo("first")), lambda: NOW)
    correcting.add("first", "", Correction(int(NOW), HOUR, "patches", "ana"))
    correcting.end(1, "ben", "wrong")

    assert correcting.end(number, "ben", "wrong") is None
