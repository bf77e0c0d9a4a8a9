"""The remote write receiver: from a request's bytes to an answer that is given once everything in it is counted or kept.

Sources: remote write specifications 1.0 and 2.0. A 503 asks the sender to come again with the same; 429 is not used, because Prometheus
drops what is answered so (`retry_on_http_429` is off unless asked for).
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, NamedTuple

import cramjam

from ..books.books import Books
from ..books.chore import Chore
from ..books.writer import Submit
from ..columns import Points, Signal, Wanted
from ..counters import Counters
from ..errors import BadRequest, CollectorError, TooLarge, Unavailable
from ..receipt import Receipt
from ..rejections import RequestOutcome
from ..room import Room
from .assembly import SampleOutcome, ScrapeAssembly
from .counting import count_rows
from .instruments import WriteInstruments
from .samples import Sample
from .translation import SeriesKind, TranslatedSeries, Translation
from .write_request import Reader, Version, WriteContent, shown

MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of one request, before and after inflating."""

MOST_WAITING: Final = 128 * 1024 * 1024
FLUSH_SECONDS: Final = 1.0
RETRY_AFTER: Final = 5
NOTHING: Final = Wanted(frozenset(), frozenset())

_WORDS: Final = {
    SampleOutcome.OUT_OF_ORDER.value: "out of order",
    SampleOutcome.DUPLICATE.value: "of another value than before at the same time",
    "future": "from the future",
    "too_old": "too old",
    "labels": "of series with unsound labels",
    "samples_and_histograms": "of series with both samples and histograms",
}


class Written(NamedTuple):
    """What became of a request; `refused` is empty where all of it was taken."""

    samples: int
    histograms: int
    exemplars: int
    refused: str = ""


class _Counted(NamedTuple):
    """What became of a request: for telemetry, for its sender, and of each sample."""

    outcome: RequestOutcome
    written: Written
    seen: Mapping[str, int]


class RemoteWrite:
    """Takes remote write requests in. `assembly` is one of the books' taps; `submit` is the collector's; `clock` gives epoch seconds."""

    def __init__(
        self,
        submit: Submit,
        counters: Counters,
        assembly: ScrapeAssembly,
        clock: Callable[[], float],
        *,
        most_bytes: int = MOST_BYTES,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.instruments = WriteInstruments(counters.registry)
        self.instruments.pending.set_function(lambda: float(len(assembly)))
        self.instruments.incomplete.set_function(lambda: float(assembly.dropped))
        self.instruments.forgotten.set_function(lambda: float(assembly.forgotten))
        self._submit = submit
        self._counters = counters
        self._assembly = assembly
        self._clock = clock
        self._most_bytes = most_bytes
        self._room = Room(most_waiting)
        self._reader = Reader(Translation(NOTHING))
        # A thread of its own: the loop's are those that evaluate, and must never wait for what others send.
        self._aside = ThreadPoolExecutor(1, "fournines-remote-write")
        self._flushing: asyncio.Task[None] | None = None

    @property
    def most_bytes(self) -> int:
        """Bytes a request may have, before and after inflating."""
        return self._most_bytes

    async def start(self) -> None:
        """From now on scrapes that stay incomplete are given up in time."""
        self._flushing = asyncio.create_task(self._flush_for_ever(), name="remote write")

    async def stop(self) -> None:
        """Ends; what waits stays in the ledger."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        self._aside.shutdown(wait=False, cancel_futures=True)

    def hold(self, size: int) -> None:
        """Takes room for that many bytes of a body that is read; raises Unavailable where there is none. `release` gives it back."""
        if size and self._room.take(size):
            raise Unavailable("too many requests wait to be counted", RETRY_AFTER)

    def release(self, size: int) -> None:
        """Gives room back."""
        self._room.give_back(size)

    async def receive(self, body: bytes, version: Version) -> Written:
        """Takes one request's compressed body. Raises BadRequest, TooLarge or Unavailable."""
        size = _size(body, self._most_bytes)
        if self._assembly.is_full:
            raise Unavailable(f"{len(self._assembly)} samples wait for the rest of their scrapes", RETRY_AFTER)
        self.hold(size)
        try:
            chore = await asyncio.get_running_loop().run_in_executor(self._aside, self._guarded, body, version)
            counted = await asyncio.wrap_future(chore.future)
        finally:
            self.release(size)
        return counted.written

    def flush(self) -> Chore[RequestOutcome]:
        """Has what waited long enough counted as far as it goes."""
        chore = Chore(self._overdue, lambda outcome: outcome.count(self._counters))
        self._submit(chore)
        return chore

    def _guarded(self, body: bytes, version: Version) -> Chore[_Counted]:
        """Faults are counted here until the writer has it, which counts its own."""
        try:
            return self._read(body, version)
        except CollectorError:
            raise
        except Exception:
            self._counters.internal_errors.inc()
            raise

    def _read(self, body: bytes, version: Version) -> Chore[_Counted]:
        received = self._clock()
        inflated = _inflated(body)
        reading = self._reader.read(inflated, version, received)

        def work(books: Books) -> _Counted:
            read = reading
            if not read.translation.wanted.covers(books.wanted):
                read = self._reader_for(books).read(inflated, version, received)
            return self._count(books, read, received)

        chore = Chore(work, self._note)
        self._submit(chore)
        return chore

    def _reader_for(self, books: Books) -> Reader:
        reader = self._reader
        if not reader.translation.wanted.covers(books.wanted):
            reader = self._reader = Reader(Translation(books.wanted))
        return reader

    def _count(self, books: Books, reading: WriteContent, received: float) -> _Counted:
        self._assembly.load(books.ledger.writer, reading.translation)
        hearts: dict[TranslatedSeries, int] = {}
        seen: Tally[str] = Tally()
        refused = Tally(reading.refused)
        detail, lost = reading.detail, Tally[bool]()
        whole, apart = self._whole(reading, received, seen)
        for series, time, told in chain(reading.samples, apart):
            if told is None:
                self._assembly.gone(series, received)
            elif series.kind in (SeriesKind.UP, SeriesKind.GAUGE):
                if told.value == 1:
                    hearts[series] = max(time, hearts.get(series, 0))
            else:
                what = self._assembly.put(series, time, told, received)
                seen[what.value] += 1
                if what is SampleOutcome.DUPLICATE or (what is SampleOutcome.OUT_OF_ORDER and not series.replicated):
                    refused[what.value] += 1
                    lost[series.kind is SeriesKind.NATIVE] += 1
                    detail = detail or f"a sample of {shown(series.labels)} at {time}"
        found = count_rows(books, self._assembly.whole(), hearts, received, whole)
        samples, histograms = reading.written - lost[False], reading.native - lost[True]
        receipt = Receipt(samples + histograms, refused.total(), _told(refused, detail))
        outcome = RequestOutcome(receipt, Signal.METRICS, refused + Tally(found.rejected), found.points)
        return _Counted(outcome, Written(samples, histograms, reading.exemplars, receipt.reason), seen | refused)

    def _whole(self, reading: WriteContent, received: float, seen: Tally[str]) -> tuple[list[Points], list[Sample]]:
        """Stages the scrapes that are whole as they came; gives what they say, and all samples that are to be put one by one."""
        whole: list[Points] = []
        apart: list[Sample] = []
        for samples in reading.columns.by_family() if reading.columns is not None else ():
            points = self._assembly.put_whole(samples, received)
            if points is None:
                apart += samples.each()
            else:
                whole.append(points)
                seen[SampleOutcome.TAKEN.value] += len(samples.number)
        return whole, apart

    def _overdue(self, books: Books) -> RequestOutcome:
        now = self._clock()
        self._assembly.load(books.ledger.writer, self._reader_for(books).translation)
        found = count_rows(books, self._assembly.overdue(now), {}, now)
        return RequestOutcome(Receipt(0), Signal.METRICS, found.rejected, found.points)

    def _note(self, counted: _Counted) -> None:
        counted.outcome.count(self._counters)
        for what, count in counted.seen.items():
            self.instruments.samples.labels(what).inc(count)

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if len(self._assembly) or not self._assembly.loaded:
                try:
                    await asyncio.wrap_future(self.flush().future)
                except Unavailable:
                    continue  # the ledger itself says once that it can't be written; what waits is in it or comes again


def _told(refused: Tally[str], detail: str) -> str:
    if not refused:
        return ""
    words = ", ".join(f"{count} {_WORDS.get(reason, reason)}" for reason, count in refused.items())
    return f"{refused.total()} samples refused ({words}), all others taken; the first: {detail}"


def _size(body: bytes, limit: int) -> int:
    """The bytes a snappy block says it inflates to; raises TooLarge or BadRequest before anything is inflated."""
    try:
        size = int(cramjam.snappy.decompress_raw_len(body))
    except cramjam.DecompressionError as error:
        raise BadRequest(f"the body is no snappy block: {error}") from error
    if size > limit:
        raise TooLarge(f"the body inflates to {size} bytes, and {limit} are the limit")
    return size + len(body)


def _inflated(body: bytes) -> bytes:
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise BadRequest(f"the body is no sound snappy block: {error}") from error
