"""The clock steps back and forth, sleeps and leaps: every acknowledged event is counted once, and nothing kept is forgotten."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import Collector, Ledger, Signal
from fournines.collector.ledger.verify import verify
from fournines.slo import DAY, HOUR, Interval, Window

STEP = st.one_of(st.integers(-30, 60), st.integers(-2 * DAY, 2 * DAY), st.integers(-40 * DAY, 40 * DAY))
STORY = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 4), st.integers(-20, 2 * HOUR)),
        st.tuples(st.just("step"), STEP),
        st.tuples(st.just("tick"), st.integers(1, 40)),
        st.tuples(st.just("restart")),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(STORY)
def test_a_stepping_clock_neither_loses_nor_doubles(otlp, span, slo, decoders, now, story):
    """Totals are what was acknowledged, whatever the clock does; a repeat of the last body is one; and the ledger adds up."""
    start, accepted = now, 0
    with tempfile.TemporaryDirectory() as folder:
        collector = Collector(Ledger(Path(folder), now), [slo("all")], now, decoders)
        for kind, *what in story:
            if kind == "send":
                count, age = what
                body = otlp.spans(*(span(now - age) for _ in range(count)))
                accepted += collector.accept(Signal.TRACES, body, now).result().accepted
                assert collector.accept(Signal.TRACES, body, now).result().repeated
            elif kind == "step":
                now = max(now + what[0], start - 100 * DAY)
            elif kind == "tick":
                for _ in range(what[0]):
                    collector.tick(now)
            else:
                collector.close()
                collector = Collector(Ledger(Path(folder), now), [slo("all")], now, decoders)
            assert (accepted, accepted, 0) == collector.totals()["all"]
            seen = collector.observe(["all"], [Window(HOUR), Window(30 * DAY)], now).total[0]
            assert 0 <= seen[0] <= seen[1] <= accepted
        whole = Interval((int(start) - 120 * DAY) // HOUR * HOUR, int(start) + 900 * DAY)
        counted = sum(point.total for point in collector.history("all", whole, HOUR))
        collector.close()
        verdict = verify(Path(folder))

    assert verdict.sound, str(verdict)
    assert verdict.events >= accepted
    assert counted <= accepted
