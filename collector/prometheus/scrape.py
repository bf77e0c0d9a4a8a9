"""Scraping: each target asked at its interval, and what one answer says counted at once.

A scrape that succeeds is a sign of life of its target; one that fails says nothing, so that a target that is gone becomes silent after
max(30 s, 3 intervals), like every other sender.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import httpx
from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names
from ..books.books import Books
from ..columns import Signal, Wanted
from ..counters import Counters
from ..doors.body import sink_for
from ..errors import BadRequest, TooLarge, Unavailable
from ..receipt import Receipt
from ..rejections import Outcome
from .batch import Batch, Submit
from .counting import count_rows
from .exposition import ACCEPT, OPENMETRICS, PROTOBUF, Exposed, exposed, media_type_of
from .labels import NAME, Labels
from .native import Distribution
from .rows import Row, Told, Value
from .targets import Discovery, ScrapeJob, Target, offset
from .translation import UP, Kind, Translation

REFRESH_SECONDS: Final = 5.0
OK: Final = "ok"
REPEATED: Final = "duplicate"
"""What samples are refused for that tell a series at one time again."""

_LOG: Final = logging.getLogger("fournines.collector")


class Answer(NamedTuple):
    """A target's exposition, as it was sent."""

    body: bytes
    content_type: str


class Failed(Exception):
    """A scrape brought nothing; `reason` is one of a few words, for a metric."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True)
class _Instruments:
    """What scraping says about itself."""

    registry: CollectorRegistry
    up: Gauge = field(init=False)
    duration: Gauge = field(init=False)
    samples: Gauge = field(init=False)
    scrapes: Counter = field(init=False)
    files: Counter = field(init=False)

    def __post_init__(self) -> None:
        of = ("job", "instance")
        self.up = Gauge(names.SCRAPE_UP, "1 while a target's last scrape succeeded", of, registry=self.registry)
        self.duration = Gauge(names.SCRAPE_DURATION, "Seconds a target's last scrape took", of, registry=self.registry)
        self.samples = Gauge(names.SCRAPE_SAMPLES, "Samples of a target's last scrape", of, registry=self.registry)
        self.scrapes = Counter(names.SCRAPES, "Scrapes by what came of them", ("job", "result"), registry=self.registry)
        self.files = Counter(
            names.SCRAPE_FILES_FAILED, "Times a file of targets could not be read", ("file",), registry=self.registry
        )

    def tell(self, target: Target, result: str, seconds: float, samples: int) -> None:
        """Notes one scrape."""
        self.up.labels(target.name, target.instance).set(result == OK)
        self.duration.labels(target.name, target.instance).set(seconds)
        self.samples.labels(target.name, target.instance).set(samples)
        self.scrapes.labels(target.name, result).inc()

    def drop(self, target: Target) -> None:
        """Forgets a target that is scraped no more."""
        for gauge in (self.up, self.duration, self.samples):
            gauge.remove_by_labels({"job": target.name, "instance": target.instance})


class Scraper:
    """Scrapes the targets of jobs while it runs. `submit` is the collector's; `clock` gives epoch seconds."""

    def __init__(
        self,
        jobs: Iterable[ScrapeJob],
        submit: Submit,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self.instruments = _Instruments(counters.registry)
        self._discovery = Discovery(jobs, lambda file: self.instruments.files.labels(file).inc())
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
            answer = await self._ask(target)
            batch, samples = await asyncio.to_thread(self._read, target, answer, began)
            await asyncio.wrap_future(batch.future)
            result = OK
        except Failed as failed:
            result = failed.reason
            _LOG.debug("scrape of %s failed: %s", target.url, failed)
        except (BadRequest, TooLarge) as error:
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

    async def _ask(self, target: Target) -> Answer:
        headers = {"accept": ACCEPT, "accept-encoding": "gzip", "user-agent": "fournines", **target.job.headers}
        timeout = min(target.job.timeout, target.job.interval)
        headers["x-prometheus-scrape-timeout-seconds"] = f"{timeout:g}"
        client = self._clients[target.job.verify]
        try:
            async with (
                asyncio.timeout(timeout),
                client.stream("GET", target.url, headers=headers, timeout=timeout) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise Failed(f"http_{response.status_code}", f"answered {response.status_code}")
                return await _answer(response, target.job.limit)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Failed("timeout", f"no whole answer within {timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed("connection", str(error) or type(error).__name__) from error

    def _read(self, target: Target, answer: Answer, received: float) -> tuple[Batch[None], int]:
        everything = list(exposed(answer.body, answer.content_type))
        translation = self._translation
        rows, repeated = _rows(translation, target, everything, received)

        def work(books: Books) -> tuple[Outcome, None]:
            nonlocal rows, repeated
            heart = self._translation_for(books).series((*target.labels, (NAME, UP)))
            assert heart is not None, "a target has a job"
            if self._translation is not translation:
                rows, repeated = _rows(self._translation, target, everything, received)
            found = count_rows(books, rows, {heart: round(received * 1000)}, received)
            reasons = {**found.rejected, **({REPEATED: repeated} if repeated else {})}
            rejected = sum(reasons.values())
            receipt = Receipt(len(everything) - rejected, rejected)
            return Outcome(receipt, Signal.METRICS, reasons, found.points), None

        batch = Batch(work, self._counters)
        self._submit(batch)
        return batch, len(everything)

    def _translation_for(self, books: Books) -> Translation:
        if not self._translation.wanted.covers(books.wanted):
            self._translation = Translation(books.wanted)
        return self._translation


def _rows(
    translation: Translation, target: Target, samples: Iterable[Exposed], received: float
) -> tuple[list[Row], int]:
    """The samples that matter, those of one histogram together; and how many told a series at one time again: the first one counts."""
    now, repeated = round(received * 1000), 0
    members: dict[tuple[int, bytes], dict[float, Told]] = {}
    for sample in samples:
        if not sample.gauge and translation.asks(sample.labels[NAME]):
            series = translation.series(_labels(target, sample), native=isinstance(sample.value, Distribution))
            if series is not None and series.kind not in (Kind.GAUGE, Kind.UP) and not _is_no_number(sample.value):
                time = sample.time or now
                parts, told = members.setdefault((time, series.member), {}), Told(series, sample.value, sample.start)
                repeated += parts.setdefault(series.boundary, told) is not told
    ordered = sorted(members.items(), key=lambda item: item[0])
    return [Row(time, list(parts.values())) for (time, _), parts in ordered], repeated


def _labels(target: Target, sample: Exposed) -> Labels:
    """The target's labels over those it shows; a label of both is kept under `exported_`."""
    over = dict(target.labels)
    shown = {f"exported_{name}" if name in over else name: value for name, value in sample.labels.items() if value}
    return tuple(sorted((shown | over).items()))


def _is_no_number(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


async def _answer(response: httpx.Response, limit: int) -> Answer:
    """The whole page, inflated here: a client that inflates by itself has no limit. Raises Failed, BadRequest, or TooLarge.

    Half a page would show counters that fell, and each of them would count anew.
    """
    coding = response.headers.get("content-encoding", "")
    sink = sink_for(coding, limit)
    if sink is None:
        raise BadRequest(f"its Content-Encoding is {coding!r:.50}, which nobody asked for")
    try:
        async for piece in response.aiter_raw():
            sink.feed(piece)
        answer = Answer(sink.finish(), response.headers.get("content-type", ""))
    except TooLarge:
        raise
    except BadRequest as error:
        raise Failed("connection", str(error)) from error
    if not answer.body.endswith(b"\n") and _ends_anywhere(response, answer):
        raise Failed("connection", "it ends in the middle of a line, and said nothing of its length")
    return answer


def _ends_anywhere(response: httpx.Response, answer: Answer) -> bool:
    """Whether nothing would tell where the page was cut: neither HTTP's framing, nor a coding, nor the form itself."""
    framed = response.headers.keys() & {"content-length", "transfer-encoding", "content-encoding"}
    return bool(answer.body) and not framed and media_type_of(answer.content_type) not in (PROTOBUF, OPENMETRICS)
