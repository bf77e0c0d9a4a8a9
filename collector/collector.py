"""The collector's heart as one object: what is sent goes in, counts come out. It has no clock; `now` always comes in."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

from ..slo import (
    BUCKET,
    HOUR,
    HTTP_SERVER_DURATION,
    PROBE,
    SLO,
    SPANS,
    TIERS,
    XRAY,
    HistoryPoint,
    Interval,
    Observation,
    TimeWindow,
)
from .books.blamed import BlamedStep, contributors, contributors_by_step
from .books.books import Books
from .books.chore import Chore
from .books.contributor import Breakdown, Contributor, minutes_from
from .books.corrected import corrected_by_age, uncorrected, without
from .books.observer import Observer
from .books.taps import Tap
from .books.tick import Tick
from .books.writer import Item, Writer
from .columns import Signal, Source
from .counters import Counters
from .decoders import Decoders
from .errors import LedgerError, Unavailable
from .intake import Intake
from .ledger.buckets import kept_from
from .ledger.days import history, one_moment
from .ledger.instruments import LedgerInstruments
from .ledger.ledger import Ledger, is_damage, why_not_opened
from .names import SENDERS, SERIES, SERVICES, SLO_GROUPS, STREAMS
from .receipt import Receipt
from .registry.automatic import WORK
from .registry.catalogue import Catalogue
from .registry.declarations import Declaration
from .room import Room

NOT_METRICS: Final = frozenset({SPANS, XRAY, PROBE})


def _nobody() -> None:
    """Whom a commit concerns when nobody asked."""


def _no_time() -> float:
    return 0.0


def _read(ledger: Ledger, counters: Counters, now: float, taps: Sequence[Tap]) -> Books:
    try:
        return Books(ledger, counters, now, taps)
    except sqlite3.Error as error:
        if is_damage(error):
            ledger.note_damage()
        ledger.close()
        raise LedgerError(why_not_opened(ledger.path, error)) from error


class Collector:
    """Counts what services send, exactly, and answers how much it was (an `EventSource`).

    The ledger is the collector's from now on, and closed with it; raises LedgerError, and closes it, where it can't be read.
    `decoders` are those of `kernels.load_decoders`; `room` bounds everything that is received and not yet answered; `taps` see all that
    is counted. `on_commit` is called after each commit by which any SLO got events, on the writing thread. `stopwatch` measures
    commits for the collector's own telemetry.
    """

    def __init__(
        self,
        ledger: Ledger,
        slos: Sequence[SLO],
        now: float,
        decoders: Decoders,
        *,
        counters: Counters | None = None,
        room: Room | None = None,
        taps: Sequence[Tap] = (),
        on_commit: Callable[[], None] = _nobody,
        stopwatch: Callable[[], float] = _no_time,
    ) -> None:
        self.counters = counters or Counters()
        self.ledger = ledger
        LedgerInstruments(self.counters.registry, ledger)
        self._books = _read(ledger, self.counters, now, taps)
        self._observer = Observer(self._books)
        self._history = ledger.reader()
        self._history_lock = threading.Lock()
        self._now = now
        self._tick = Tick()
        self._writer = Writer(self._books, on_commit, stopwatch)
        self._intake = Intake(self._books, self._writer, decoders, room or Room())
        try:
            self._do(lambda books: books.cumulatives.track((HTTP_SERVER_DURATION, *WORK), float(ledger.birth)))
            self.declare(slos, now)
        except Unavailable as error:
            self.close()
            raise LedgerError(str(error)) from error

    @property
    def catalogue(self) -> Catalogue:
        """All SLOs there are, automatic ones too, under a version that changes when they do."""
        return self._books.registry.catalogue

    @property
    def slos(self) -> tuple[SLO, ...]:
        """All SLOs there are."""
        return self.catalogue.slos

    @property
    def healthy(self) -> bool:
        """Whether the ledger can be written, as far as the last attempt told."""
        return self._writer.healthy

    @property
    def listening(self) -> float:
        """Since when (epoch seconds) it listens without a break: stopped, or with a ledger that can't be written, it does not."""
        return self._books.senders.listening

    @property
    def off_boundary(self) -> Mapping[str, float | None]:
        """SLOs whose latency threshold is no boundary of the histograms they get, with the boundary used; None for none at all."""
        names = self.catalogue.names
        return {names[row]: used for row, used in self._books.off_boundary.copy().items() if row in names}

    @property
    def sampled(self) -> frozenset[str]:
        """SLOs that count sampled spans: each weighs what its sampler's threshold says, and so the counts are estimates."""
        names = self.catalogue.names
        return frozenset(names[row] for row in self._books.sampled if row in names)

    def declared(self, name: str) -> Declaration | None:
        """What a service declares under a name, and holds unless a file has it too; None where none does."""
        return self.catalogue.declared.get(name)

    def declare(self, slos: Sequence[SLO], now: float) -> None:
        """Replaces the SLOs of files, and returns when that is durable. Raises Unavailable, and changes nothing, when it can't be."""

        def work(books: Books) -> None:
            books.registry.declare(tuple(slos))
            books.cumulatives.track({slo.sli.signal for slo in slos} - NOT_METRICS, now)

        self._do(work)

    def accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        """Takes in one request's bytes; see `Intake.accept`. Once the future has a receipt, every event in it is durable."""
        self._now = max(self._now, received)
        return self._intake.accept(signal, body, received, source)

    def submit(self, item: Item) -> None:
        """Has anything else that changes the books committed with all that is taken in; see `Writer.submit`."""
        self._writer.submit(item)

    def tick(self, now: float) -> None:
        """Lets time pass: pins, silences, estimates, forgetting. To be called every second or so; blocks for a commit.

        Raises Unavailable while the ledger can't be written; the next tick tries again.
        """
        self._now = now
        self._do(lambda books: self._tick.stage(books, now))

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """Counts of every SLO in every window, each over `window.interval(now)`, and who is silent as of the last tick."""
        return self._observer.observe(names, windows, now)

    def history(self, name: str, interval: Interval, step: int) -> list[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds, a multiple of `BUCKET` (ValueError); none for an SLO that is not known."""
        if step <= 0 or step % BUCKET:
            raise ValueError(f"a step is a multiple of {BUCKET} seconds, not {step}")
        row = self.catalogue.rows.get(name)
        if row is None or not interval.seconds:
            return []
        known = Interval(interval.start, min(interval.end, self._end()))
        now = self._now
        stretches = self._corrected(name, known, kept_from(TIERS[1], now))
        with self._history_lock, one_moment(self._history):
            points = history(self._history, row, known, step, now)
            taken = [point for each in stretches for point in history(self._history, row, each, BUCKET, now)]
        return without(points, taken, interval.start, step)

    def contributors(
        self, name: str, interval: Interval, breakdown: Breakdown = Breakdown.CAUSE
    ) -> list[tuple[Contributor, int]]:
        """Who had a part in one SLO's bad events, the largest first; see `contributors.contributors`."""
        row = self.catalogue.rows.get(name)
        known = Interval(max(0, interval.start), min(interval.end, self._end()))
        if row is None or known.end <= known.start:
            return []
        found: Counter[Contributor] = Counter()
        stretches = self._corrected(name, known, minutes_from(self._now))
        with self._history_lock:
            for part in uncorrected(known, stretches):
                found.update(dict(contributors(self._history, row, part, breakdown)))
        return found.most_common()

    def blame(self, name: str, interval: Interval, step: int, breakdown: Breakdown) -> list[BlamedStep]:
        """The same in steps of so many seconds, whole minutes, by time."""
        row = self.catalogue.rows.get(name)
        known = Interval(max(0, interval.start), min(interval.end, self._end()))
        if row is None or known.end <= known.start:
            return []
        stretches = self._corrected(name, known, minutes_from(self._now))
        with self._history_lock:
            parts = [
                contributors_by_step(self._history, row, part, step, breakdown)
                for part in uncorrected(known, stretches)
            ]
        return [each for part in parts for each in part]

    def _corrected(self, name: str, within: Interval, minutes_kept_from: int) -> Sequence[Interval]:
        """The corrected time of an SLO in an interval."""
        slo = next((slo for slo in self.slos if slo.name == name), None)
        return corrected_by_age(slo, within, minutes_kept_from) if slo is not None else ()

    def _end(self) -> int:
        """Nothing is booked later than this: time that is still to come is not walked through."""
        return int(max(self._now, self._books.buckets.newest)) + HOUR

    def totals(self) -> dict[str, tuple[int, int, int]]:
        """(good, total, estimated) events of every settled SLO since the ledger's birth; they never fall, whatever restarts."""
        catalogue = self.catalogue
        with self.ledger.visible:
            self._books.tallies.reserve(max(catalogue.rows.values(), default=0))
            totals = self._books.tallies.totals.copy()
        return {name: (*totals[row].tolist(),) for name, row in catalogue.rows.items() if name in catalogue.settled}

    @property
    def series_overflows(self) -> Mapping[str, int]:
        """Look-ups of attribute sets that found no room in the dictionary, by service; their events count all the same."""
        return self._books.series.overflows.copy()

    @property
    def group_overflows(self) -> Mapping[str, int]:
        """Look-ups of values that found no room among the groups of an SLO, by its name; their events count in that of the others."""
        return self._books.registry.groups.overflows.copy()

    @property
    def intervals_dropped(self) -> int:
        """Intervals of delta streams that found no room in memory: sent again in other bytes, they would count again."""
        return self._books.intervals.dropped

    def sizes(self) -> dict[str, tuple[str, int]]:
        """How much is remembered, by the name of the gauge that says so, with its help text."""
        books = self._books
        return {
            SERIES: ("Attribute sets remembered", len(books.series)),
            SERVICES: ("Services heard", len(books.registry)),
            SLO_GROUPS: ("Groups of SLOs, each an SLO of its own", sum(bool(slo.group_of) for slo in self.slos)),
            SENDERS: ("Senders remembered", len(books.senders)),
            STREAMS: ("Cumulative streams remembered", len(books.cumulatives)),
        }

    def close(self) -> None:
        """Takes no more in, commits and answers everything taken in, and lets the folder go."""
        self._intake.close()
        self._writer.submit(Chore[None](lambda books: books.senders.save()))
        self._writer.close()
        self._observer.close()
        self._history.close()
        self._books.close()

    def _do(self, work: Callable[[Books], None]) -> None:
        chore = Chore(work)
        self._writer.submit(chore)
        chore.future.result()
