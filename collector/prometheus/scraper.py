"""Scraping: each target asked at its interval, and what one answer says counted at once.

A scrape that succeeds is a sign of life of its target; one that fails says nothing, so that a target that is gone becomes silent after
max(30 s, 3 intervals), like every other sender.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import httpx

from ..books.books import Books
from ..books.chore import Chore
from ..books.writer import Submit
from ..columns import Signal, Wanted
from ..counters import Counters
from ..errors import BadRequest, Unavailable
from ..receipt import Receipt
from ..rejections import RequestOutcome
from .counting import count_rows
from .exposition import Exposed, exposed
from .instruments import OK, ScrapeInstruments
from .labels import NAME, Labels
from .native import Distribution
from .page import Failed, ScrapedPage, ask
from .rows import PartSample, Row, Value
from .targets import ScrapeJob, Target, TargetDiscovery, offset
from .translation import UP, SeriesKind, Translation

REFRESH_SECONDS: Final = 5.0
REPEATED: Final = "duplicate"
"""What samples are refused for that tell a series at one time again."""

_LOG: Final = logging.getLogger("fournines.collector")


class _Reading(NamedTuple):
    """What a page holds: what matters of it, how many samples there are, and how many told a series at one time again."""

    translation: Translation
    rows: Sequence[Row]
    samples: int
    repeated: int


class Scraper:
    """Scrapes the targets of jobs while it runs. `submit` is the collector's; `clock` gives epoch seconds."""

    def __init__(
        self,
        jobs: Iterable[ScrapeJob],
        submit: Submit,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self.instruments = ScrapeInstruments(counters.registry)
        self._discovery = TargetDiscovery(jobs, lambda file: self.instruments.files.labels(file).inc())
        self._submit = submit
        self._counters = counters
        self._clock = clock
        self._translation = Translation(Wanted(frozenset(), frozenset()))
        self._running: dict[Target, asyncio.Task[None]] = {}
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._refreshing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Scrapes from now on."""
        self._clients = {
            verify: httpx.AsyncClient(
                verify=verify, trust_env=False, limits=httpx.Limits(max_keepalive_connections=200)
            )
            for verify in (True, False)
        }
        self._refreshing = asyncio.create_task(self._refresh_for_ever(), name="scrape targets")

    async def stop(self) -> None:
        """Scrapes no more."""
        tasks = [*self._running.values(), *([self._refreshing] if self._refreshing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    async def refresh(self) -> None:
        """Begins with targets that are new, and ends with those that are gone."""
        targets = await asyncio.to_thread(self._discovery.targets)
        for target in [target for target in self._running if target not in targets]:
            self._running.pop(target).cancel()
            self.instruments.drop(target)
        for target in targets - self._running.keys():
            self.instruments.up.labels(target.name, target.instance).set(0)
            self._running[target] = asyncio.create_task(self._scrape_for_ever(target), name=f"scrape {target.url}")

    async def scrape(self, target: Target) -> str:
        """Asks a target once and counts what it says; gives `ok`, or why nothing came of it."""
        began = self._clock()
        samples = 0
        try:
            page = await ask(self._clients[target.job.verify], target)
            chore, samples = await asyncio.to_thread(self._read, target, page, began)
            await asyncio.wrap_future(chore.future)
            result = OK
        except Failed as failed:
            result = failed.reason
            _LOG.debug("scrape of %s failed: %s", target.url, failed)
        except BadRequest as error:
            result = "unreadable"
            _LOG.warning("scrape of %s: %s", target.url, error)
        except Unavailable:
            result = "ledger"
        self.instruments.tell(target, result, max(0.0, self._clock() - began), samples)
        return result

    async def _refresh_for_ever(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _scrape_for_ever(self, target: Target) -> None:
        interval, shift = target.job.interval, offset(target)
        while True:
            await asyncio.sleep(interval - (self._clock() - shift) % interval)
            try:
                await self.scrape(target)
            except Exception:  # noqa: BLE001 - a fault in one scrape must not end those to come
                self._counters.internal_errors.inc()
                _LOG.exception("a scrape of %s failed for a fault of the collector's own", target.url)

    def _read(self, target: Target, page: ScrapedPage, received: float) -> tuple[Chore[RequestOutcome], int]:
        samples = list(exposed(page.body, page.content_type))
        first = _reading(self._translation, target, samples, received)

        def work(books: Books) -> RequestOutcome:
            translation = self._translation_for(books)
            reading = first if translation is first.translation else _reading(translation, target, samples, received)
            return _counted(books, target, reading, received)

        chore = Chore(work, lambda outcome: outcome.count(self._counters))
        self._submit(chore)
        return chore, len(samples)

    def _translation_for(self, books: Books) -> Translation:
        if not self._translation.wanted.covers(books.wanted):
            self._translation = Translation(books.wanted)
        return self._translation


def _reading(translation: Translation, target: Target, samples: Sequence[Exposed], received: float) -> _Reading:
    """The samples that matter, those of one histogram together; of those that tell a series at one time again the first one counts."""
    now, repeated = round(received * 1000), 0
    members: dict[tuple[int, bytes], dict[float, PartSample]] = {}
    for sample in samples:
        if not sample.gauge and translation.asks(sample.labels[NAME]):
            series = translation.series(_labels(target, sample), native=isinstance(sample.value, Distribution))
            if (
                series is not None
                and series.kind not in (SeriesKind.GAUGE, SeriesKind.UP)
                and not _is_no_number(sample.value)
            ):
                time = sample.time or now
                parts, told = (
                    members.setdefault((time, series.member), {}),
                    PartSample(series, sample.value, sample.start),
                )
                repeated += parts.setdefault(series.boundary, told) is not told
    ordered = sorted(members.items(), key=lambda item: item[0])
    rows = [Row(time, list(parts.values())) for (time, _), parts in ordered]
    return _Reading(translation, rows, len(samples), repeated)


def _counted(books: Books, target: Target, reading: _Reading, received: float) -> RequestOutcome:
    heart = reading.translation.series((*target.labels, (NAME, UP)))
    assert heart is not None, "a target has a job"
    found = count_rows(books, reading.rows, {heart: round(received * 1000)}, received)
    reasons = {**found.rejected, **({REPEATED: reading.repeated} if reading.repeated else {})}
    rejected = sum(reasons.values())
    return RequestOutcome(Receipt(reading.samples - rejected, rejected), Signal.METRICS, reasons, found.points)


def _labels(target: Target, sample: Exposed) -> Labels:
    """The target's labels over those it shows; a label of both is kept under `exported_`."""
    over = dict(target.labels)
    shown = {f"exported_{name}" if name in over else name: value for name, value in sample.labels.items() if value}
    return tuple(sorted((shown | over).items()))


def _is_no_number(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)
