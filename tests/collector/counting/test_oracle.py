"""The collector against a plain recount: whatever is sent, in whatever order, however often, across whatever restarts."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector import Collector, Ledger, Signal, Unavailable
from fournines.slo import BUCKET, HOUR, MINUTE, Interval, Window

BEGIN = 1_790_000_000.0
DURATION = "http.server.request.duration"
WINDOWS = [Window(seconds) for seconds in (MINUTE, 5 * MINUTE, HOUR, 6 * HOUR, 30 * 24 * HOUR)]
NAMES = ("spans", "quick spans", "metric", "quick metric")


class Story(RuleBasedStateMachine):
    """Sends spans, deltas and cumulative points to a collector that is restarted and fails, and recounts."""

    otlp: ClassVar[Any]
    span: ClassVar[Any]
    histogram: ClassVar[Any]
    decoders: ClassVar[Any]
    slos: ClassVar[Any]

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = BEGIN
        self.sent = []
        self.unsent = []
        self.booked = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        self.delta_from = BEGIN
        self.deltas = []
        self.level = (BEGIN, 0, 0)
        self.counted_level = {}
        self.carries = defaultdict(lambda: Fraction(1, 2))
        self.collector = self.open()

    def open(self):
        return Collector(Ledger(Path(self.folder.name), self.now), self.slos, self.now, self.decoders)

    @initialize()
    def first_sign_of_life(self):
        self.send(Signal.METRICS, self.otlp.points(up=True, at=self.now), [])

    def send(self, signal, body, events):
        """Sends a new body; `events` are what it adds: (name, second, good, total)."""
        self.sent.append((signal, body))
        self.collector.accept(signal, body, self.now).result()
        self.count(events)

    def count(self, events):
        for name, second, good, total in events:
            cell = self.booked[name][int(min(second, self.now)) // BUCKET * BUCKET]
            cell[0] += good
            cell[1] += total

    @rule(
        ages=st.lists(st.tuples(st.integers(-100, 4000), st.booleans(), st.booleans()), min_size=1, max_size=6),
    )
    def spans(self, ages):
        made, events = [], []
        for age, good, quick in ages:
            end = self.now - age
            made.append(self.span(end, 0.1 if quick else 0.3, 200 if good else 500))
            events.append(("spans", end, int(good), 1))
            if good:
                events.append(("quick spans", end, int(quick), 1))
        self.send(Signal.TRACES, self.otlp.spans(*made), events)

    @rule(count=st.integers(1, 50), quick=st.integers(0, 50), late=st.booleans())
    def delta(self, count, quick, late):
        """Seals a delta interval; it is sent now, or later and out of order."""
        start, self.delta_from = self.delta_from, self.now
        if start < self.now:
            point = self.histogram(start, self.now, count, quick=min(quick, count))
            (self.unsent if late else self.deltas).append(point)
            if not late:
                self.deliver(point)

    @precondition(lambda self: self.unsent)
    @rule(which=st.integers(0, 100))
    def late_delta(self, which):
        point = self.unsent.pop(which % len(self.unsent))
        self.deltas.append(point)
        self.deliver(point)

    def deliver(self, point):
        events = [
            ("metric", point.end, point.count, point.count),
            ("quick metric", point.end, point.quick, point.count),
        ]
        self.send(Signal.METRICS, self.otlp.points(point, up=True, at=self.now), events)

    @precondition(lambda self: self.deltas)
    @rule(which=st.integers(0, 100))
    def delta_in_other_bytes(self, which):
        """An interval counted in the last minutes comes again, beside a heartbeat of another moment."""
        point = self.deltas[which % len(self.deltas)]
        self.sent.append((Signal.METRICS, self.otlp.points(point, up=True, at=self.now + 0.001 * len(self.sent))))
        self.collector.accept(*self.sent[-1], self.now).result()

    @rule(grown=st.integers(0, 30), quick=st.integers(0, 30), restarts=st.booleans(), swap=st.booleans())
    def cumulative(self, grown, quick, restarts, swap):
        """A sender that counts up for ever, restarts, and sends its last two points the wrong way round."""
        start, count, within = self.level
        if restarts:
            start, count, within = self.now, 0, 0
        points = []
        for _ in range(2):
            self.now += 1.0
            count, within = count + grown, within + min(quick, grown)
            points.append((self.now, count, within))
        self.level = (start, count, within)
        for end, level, low in reversed(points) if swap else points:
            at, known, known_low = self.counted_level.get(start, (start, 0, 0))
            events = []
            if end > at:
                self.counted_level[start] = (end, level, low)
                if level < known or low < known_low or level - low < known - known_low:
                    known = known_low = 0  # a counter that fell while the clock was put back, and is seen only now
                events = [
                    ("metric", end, level - known, level - known),
                    ("quick metric", end, low - known_low, level - known),
                ]
            body = self.otlp.points(
                self.histogram(start, end, level, quick=low), instance="cumulative", cumulative=True
            )
            self.send(Signal.METRICS, body, events)

    @rule(fallen=st.integers(0, 5), grown=st.integers(1, 9), begins=st.booleans())
    def reset(self, fallen, grown, begins):
        """A counter that fell under its old start, or began anew, says two values in one body, the newer one first."""
        start, count, _ = self.level
        start, count = (self.now, 0) if begins else (start, min(count, fallen))
        self.now += 1.0
        older, newer = (self.now, count, count), (self.now + 0.5, count + grown, count + grown)
        self.now += 1.0
        self.level = (start, newer[1], newer[2])
        at, known, known_low = self.counted_level.get(start, (start, 0, 0))
        events = []
        if newer[0] > at:
            self.counted_level[start] = newer
            fell = newer[1] < known or newer[2] < known_low or newer[1] - newer[2] < known - known_low
            before, low = (0, 0) if fell else (known, known_low)
            grew = newer[1] - before
            events = [("metric", newer[0], grew, grew), ("quick metric", newer[0], newer[2] - low, grew)]
        points = [self.histogram(start, end, level, quick=within) for end, level, within in (newer, older)]
        body = self.otlp.points(*points, instance="cumulative", cumulative=True)
        self.send(Signal.METRICS, body, events)

    @rule(good=st.booleans())
    def sampled(self, good):
        """A span kept of three quarters stands for four thirds; whole events are booked, rounded."""
        request = ExportTraceServiceRequest.FromString(self.otlp.spans(self.span(self.now, 0.1, 200 if good else 500)))
        request.resource_spans[0].scope_spans[0].spans[0].trace_state = "ot=th:4"
        events = []
        for name in ("spans", "quick spans") if good else ("spans",):
            carry = self.carries[name, good] + Fraction(4, 3)
            self.carries[name, good] = carry % 1
            events.append((name, self.now, int(carry) if good else 0, int(carry)))
        self.send(Signal.TRACES, request.SerializeToString(), events)

    @rule(ahead=st.sampled_from([301, 3600, 10**6]), metric=st.booleans())
    def out_of_time(self, ahead, metric):
        """What ended too far ahead, or before all that is kept, is refused and counts nothing."""
        ends = (self.now + ahead, self.now - 500 * 24 * HOUR)
        if metric:
            body = self.otlp.points(*(self.histogram(0, end, 3) for end in ends), up=True, at=self.now)
        else:
            body = self.otlp.spans(*(self.span(end) for end in ends))
        signal = Signal.METRICS if metric else Signal.TRACES
        receipt = self.collector.accept(signal, body, self.now).result()
        assert (2, len(ends)) == (receipt.rejected, 2) or receipt.repeated

    @rule(seconds=st.sampled_from([1.5, 20.0, 100.0]))
    def clock_steps_back(self, seconds):
        """The collector's clock, and that of its senders, is put back."""
        if self.now - seconds > BEGIN:
            self.now -= seconds
            self.collector.tick(self.now)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 10_000))
    def again(self, which):
        """The same bytes come again."""
        signal, body = self.sent[which % len(self.sent)]
        assert self.collector.accept(signal, body, self.now).result().repeated

    @rule(seconds=st.sampled_from([0.5, 1.0, 4.0, 9.0, 25.0]))
    def time_passes(self, seconds):
        """Time passes, within what is remembered of the first request."""
        if self.now + seconds < BEGIN + 880:
            self.now += seconds
            self.collector.tick(self.now)

    @rule()
    def restart(self):
        self.collector.close()
        self.collector = self.open()

    @rule(age=st.integers(0, 100))
    def commit_fails(self, age):
        """What fails leaves nothing, and counts once when it comes again."""
        body = self.otlp.spans(self.span(self.now - age))
        self.collector.ledger.writer.execute("PRAGMA query_only = ON")
        with pytest.raises(Unavailable):
            self.collector.accept(Signal.TRACES, body, self.now).result()
        self.collector.ledger.writer.execute("PRAGMA query_only = OFF")
        self.send(Signal.TRACES, body, [("spans", self.now - age, 1, 1), ("quick spans", self.now - age, 1, 1)])

    @invariant()
    def equals_a_recount(self):
        """Every window of every SLO, and every total, equals a recount of what was booked."""
        seen = self.collector.observe(NAMES, WINDOWS, self.now)
        for row, name in enumerate(NAMES):
            for column, window in enumerate(WINDOWS):
                start, end = window.interval(self.now)
                cells = [cell for t, cell in self.booked[name].items() if start <= t < end]
                expected = [sum(cell[i] for cell in cells) for i in (0, 1)]
                assert expected == [int(seen.good[row, column]), int(seen.total[row, column])], (name, window)
            everything = [sum(cell[i] for cell in self.booked[name].values()) for i in (0, 1)]
            assert (*everything, 0) == self.collector.totals()[name]

    def teardown(self):
        for name in NAMES:
            interval = Interval(int(BEGIN) // HOUR * HOUR - 2 * HOUR, int(self.now) + HOUR)
            for step in (BUCKET, HOUR):
                points = self.collector.history(name, interval, step)
                assert sum(cell[1] for cell in self.booked[name].values()) == sum(point.total for point in points)
        self.collector.close()
        with contextlib.closing(sqlite3.connect(Path(self.folder.name) / "ledger.db")) as connection:
            sums = connection.execute("SELECT sum(good), sum(total) FROM bucket GROUP BY width").fetchall()
        assert len(set(sums)) <= 1
        self.folder.cleanup()


@pytest.mark.no_cover
def test_the_ledger_equals_a_recount(otlp, span, histogram, slo, decoders):
    """Random histories: late, early, twice, out of order, resets, restarts, failures; the ledger equals a plain recount throughout."""
    slos = [
        slo("spans"),
        slo("quick spans", threshold="0.25"),
        slo("metric", signal=DURATION),
        slo("quick metric", threshold="0.25", signal=DURATION),
    ]
    parts = {"otlp": otlp, "span": span, "histogram": histogram, "decoders": decoders, "slos": slos}
    told = type("Told", (Story,), parts)
    steps = settings(max_examples=25, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(told, settings=steps)
