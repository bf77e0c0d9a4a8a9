"""Slices that are read while counting goes on are what they are when nothing goes on."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import Signal
from fournines.collector.books.slices import Slices
from fournines.collector.books.slicing import Slicing
from fournines.slo import DAY, HOUR, MINUTE, Interval, Method, Window
from fournines.slo.slices import Slices as Sliced

NOW = 20_000 * DAY
CONNECTION = sqlite3.connect(":memory:")
BOOKED = st.tuples(st.just("book"), st.integers(0, 3 * 60), st.integers(0, 2))
STEP = st.one_of(
    BOOKED,
    st.tuples(st.just("ask"), st.integers(1, 3)),
    st.tuples(st.just("read"), st.lists(BOOKED, max_size=3)),
)


@settings(max_examples=40)
@given(st.lists(STEP, max_size=30), st.sampled_from([Decimal("0.75"), None]))
def test_what_is_booked_while_slices_are_read_counts(steps, target):
    """Whoever reads them, however often and with whatever booked meanwhile: once nothing is unread, it is what a reading of all says."""
    events = {}

    def read(_, within):
        found = [(t, *count) for t, count in sorted(events.items()) if within.start <= t < within.end]
        return np.array(found, np.int64).reshape(-1, 3)

    def book(minutes, good):
        t = NOW - minutes * MINUTE
        old = events.get(t, (0, 0))
        events[t] = old[0] + good, old[1] + 2
        slices.touch([t])

    slicing = Slicing(2 * MINUTE, target, 3 * HOUR, MINUTE)
    slices, windows = Slices(slicing, CONNECTION, read), [Interval(NOW - hours * HOUR, NOW) for hours in (1, 2, 3)]
    for kind, *what in [*steps, ("ask", 3)]:
        if kind == "book":
            book(*what)
        elif kind == "ask":
            slices.bad(windows[what[0] - 1])
        elif slices.unread:
            found = slices.judged(CONNECTION, slices.unread)
            for _, *each in what[0]:
                book(*each)
            slices.take(found)
            slices.take(found)
    if slices.unread:
        slices.take(slices.judged(CONNECTION, slices.unread))

    for window in windows:
        anew = Slices(slicing, CONNECTION, read)
        anew.bad(window)
        anew.take(anew.judged(CONNECTION, anew.unread))
        assert anew.bad(window).tolist() == slices.bad(window).tolist()
        assert anew.parts(window) == slices.parts(window)


def test_commits_go_on_while_slices_are_read(opened, slo, otlp, span, now, monkeypatch):
    """The first question after a start reads the slices of weeks: who sends meanwhile is answered, and counted in the answer."""
    more = {"method": Method.TIMESLICES, "slices": Sliced(Decimal("0.95"), Window(MINUTE))}
    collector = opened([slo("sliced", rules=(), **more)])
    collector.accept(Signal.TRACES, otlp.spans(span(now - HOUR)), now).result()
    judged, receipts = Slices.judged, []

    def judged_while_somebody_sends(self, connection, within):
        found = judged(self, connection, within)
        if not receipts:
            receipts.append(
                collector.accept(Signal.TRACES, otlp.spans(span(now - DAY, status=500)), now).result(timeout=30)
            )
        return found

    monkeypatch.setattr(Slices, "judged", judged_while_somebody_sends)
    seen = collector.observe(["sliced"], [Window(30 * DAY)], now)

    assert [1] == [receipt.accepted for receipt in receipts]
    assert 1 == int(seen.total[0, 0] - seen.good[0, 0])
