"""The composition root: owns the clock, the ledger and the loop, builds every part once, and lets them know each other.

receivers -> collector (counts, commits) ~~ on commit ~~> evaluate -> alert engine -> outbox -> pager
                                                                `-> page, API, /metrics
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final
from urllib.parse import urlsplit

import uvloop
from fastapi import FastAPI
from prometheus_client import Metric

from .alerts import AlertsError, Paging, Sources, Templates
from .alerts.silences.silences import Silences
from .alerts.trial import Trial, tried
from .api import create_app
from .collector import Address, CollectorError, HttpServer, Unavailable
from .collector.allocation import give_memory_back
from .collector.plane import Plane
from .serving import (
    Chances,
    Contexts,
    Counts,
    Evaluations,
    Exposition,
    Notices,
    Parts,
    Pulse,
    Silencing,
    SloReload,
    Surroundings,
    Survey,
    Vitals,
    Wakeup,
    beside_burn,
    cancelled,
    engine_of,
    first_ended,
    keep_line,
    notifiers_of,
    otlp_url,
    page_url,
    plan_of,
    silencer_of,
    subjects_of,
    watch_of,
)
from .settings import Settings
from .slo import SloFiles

EVALUATE_SECONDS: Final = 5.0
"""SLOs are evaluated this often though no commit touched them: windows move on by themselves."""

BREATH_SECONDS: Final = 0.1
"""Commits that come closer together than this share an evaluation."""

TICK_SECONDS: Final = 1.0
WATCH_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 5.0

_log = logging.getLogger("fournines")


class ServiceError(Exception):
    """The collector can't start; the text says why and what to do."""


def run(settings: Settings, clock: Callable[[], float] = time.time) -> None:
    """Runs a collector until SIGTERM or SIGINT, and returns once everything accepted is committed.

    Raises `ServiceError` when it can't start, `SpecError` when the SLO files hold faults.
    """
    give_memory_back()
    try:
        with _here_to_stay():
            service = Service(settings, clock)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(service.serve())
        finally:
            service.close()
    except (CollectorError, AlertsError) as error:
        raise ServiceError(f"fournines can't start: {error}") from error


def try_receivers(
    settings: Settings, names: Collection[str], pause: float, clock: Callable[[], float] = time.time
) -> list[Trial]:
    """Sends the receivers of these names a page that says it is a test, and after `pause` seconds its end; nothing is kept.

    Raises `ServiceError` when one can't be used as configured.
    """
    url = page_url(settings, settings.port)
    try:
        ways = notifiers_of(settings.notify, url, Templates(settings.templates))
    except AlertsError as error:
        raise ServiceError(str(error)) from error
    asked = {receiver: way for receiver, way in ways.items() if receiver.name in names}
    return asyncio.run(tried(asked, url, clock, lambda: asyncio.sleep(pause)))


@contextmanager
def _here_to_stay() -> Generator[None]:
    """What there is at the end of the block is looked through for garbage neither meanwhile nor ever after: two hundred thousand objects,
    which held everything up for a tenth of a second each time, and at the end of the process took as long as all else of stopping.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


class Service:
    """One collector with everything around it."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._touched = Wakeup()
        self._pulse = Pulse()
        self._files = SloFiles(settings.slos)
        slos, templates = self._files.read(), Templates(settings.templates)
        with ExitStack() as opened:
            self._address = opened.enter_context(closing(Address(settings.host, settings.port, "--port")))
            plane = Plane(plan_of(settings), slos, clock, time.monotonic, self._touched.call, self._slo_families)
            self._plane = opened.enter_context(closing(plane))
            self._collector = self._plane.collector
            self._counts = Counts(self._collector, engine_of(settings.prometheus, self._collector.counters.registry))
            opened.callback(self._counts.close)
            self._url = page_url(settings, self._address.port)
            registry = self._collector.counters.registry
            notifiers = notifiers_of(settings.notify, self._url, templates)
            self._chances = Chances(self._counts)
            path = self._collector.ledger.path
            silences = opened.enter_context(closing(Silences(path, keep_line, clock())))
            self._silencing = Silencing(silences, clock, self._touched.call)
            holder = silencer_of(settings, silences)
            contexts = Contexts(self._collector, self._counts, self._plane.traces, clock)
            self._surroundings = Surroundings(self._collector, self._counts, contexts)
            sources = Sources(self._chances.of, contexts, templates)
            beside = beside_burn(self._counts, self._chances, self._plane)
            paging = Paging(path, notifiers, self._url, clock, registry, sources, holder, keep_line, beside.judged)
            self._paging = opened.enter_context(closing(paging))
            self._vitals = Vitals(self._collector, self._paging, clock, time.monotonic)
            self._survey = Survey(beside.looking, self._vitals)
            watch = watch_of(settings, self._vitals, notifiers, self._url, clock, time.monotonic, registry)
            self._watched = opened.enter_context(closing(watch))
            self._opened = opened.pop_all()
        self._evaluations = Evaluations(self._collector, self._counts, clock)
        self._exposition = Exposition(self._collector, self._evaluations, self._paging, self._files)
        self._reload = SloReload(self._files, self._collector, clock)

    def _app(self) -> FastAPI:
        """The HTTP application, which answers from the ledger as it is when asked."""
        parts = Parts(
            collector=self._collector,
            counts=self._counts,
            traces=self._plane.traces,
            paging=self._paging,
            evaluations=self._evaluations,
            exposition=self._exposition,
            chances=self._chances,
            notices=self._notices(),
            silencing=self._silencing,
            surroundings=self._surroundings,
            pulse=self._pulse,
            watched=self._watched.as_json,
            now=self._clock,
            url=self._url,
            otlp=otlp_url(self._settings, self._plane.http_port),
        )
        return create_app(subjects_of(parts), self._plane.write_app, urlsplit(self._url).netloc)

    def _notices(self) -> Notices:
        return Notices(self._collector, self._counts, self._files, self._settings.data, lambda: self._watched.troubles)

    async def serve(self) -> None:
        """Receives, evaluates, pages and shows until a signal says stop."""
        stop = asyncio.Event()
        self._take_signals(stop)
        self._touched.listen()
        pages = HttpServer(self._app(), self._address)
        await self._plane.start()
        await pages.start()
        _log.info("ledger in %s, %s from files", self._settings.data, self._number_of_slos())
        _log.info("pages and API on %s", self._url)
        asking = [self._ask] if self._settings.prometheus else []
        works = (self._evaluate, self._tick, self._watch, self._look, *asking)
        jobs = [asyncio.create_task(job(), name=job.__name__) for job in works]
        jobs.append(asyncio.create_task(self._watched.run(), name="watch"))
        paging = asyncio.create_task(self._paging.run(), name="pager")
        failed = await first_ended(stop, [*jobs, paging, *self._plane.tasks])
        _log.info("stopping: taking in nothing new, committing what was accepted")
        await self._plane.stop()
        await cancelled(jobs)
        await asyncio.to_thread(self._counts.close)
        await asyncio.to_thread(self._judge)
        await cancelled([paging])
        await self._paging.finish()
        self._pulse.end()
        await pages.stop()
        if failed:
            raise failed

    def close(self) -> None:
        """Commits everything accepted, and lets the data folder go."""
        self._opened.close()

    def _take_signals(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._files.forget)

    def _number_of_slos(self) -> str:
        number = len(self._files.slos)
        return f"{number} SLO{'' if number == 1 else 's'}"

    def _slo_families(self) -> Iterator[Metric]:
        """What is written to stores, which are opened before there is anything to tell them."""
        return self._exposition.slo_families()

    def _judge(self) -> None:
        """Evaluates everything once, and puts what follows into the outbox."""
        evaluation = self._evaluations.evaluation()
        self._survey.take(evaluation)
        self._paging.judge(evaluation)
        self._pulse.judged(evaluation, self._paging.alerts())
        self._vitals.evaluated()

    async def _evaluate(self) -> None:
        while True:
            await self._touched.wait(EVALUATE_SECONDS)
            await asyncio.to_thread(self._judge)
            await asyncio.sleep(BREATH_SECONDS)

    async def _tick(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await asyncio.to_thread(self._collector.tick, self._clock())
            except Unavailable as error:
                _log.debug("no tick: %s", error)  # the ledger itself says once that it can't be written
            self._vitals.committed(began)
            await asyncio.sleep(TICK_SECONDS)

    async def _look(self) -> None:
        while True:
            await asyncio.to_thread(self._survey.look)
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self) -> None:
        while True:
            pause = await asyncio.to_thread(self._counts.refresh, self._clock())
            await asyncio.sleep(pause)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if await asyncio.to_thread(self._reload.refresh):
                _log.info("%s read from %s", self._number_of_slos(), self._settings.slos)
                self._touched.call()
