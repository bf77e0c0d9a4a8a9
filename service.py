"""The composition root: owns the clock, the ledger and the loop, builds every part once, and lets them know each other.

receivers -> collector (counts, commits) ~~ on commit ~~> evaluate -> alert engine -> outbox -> pager
                                                                `-> page, API, /metrics
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import platform
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, Final

import uvloop
from prometheus_client import Gauge, Histogram, Metric
from pydantic import SecretStr

from .alerts import AlertsError, Paging, WebhookSender
from .api import create_app
from .collector import (
    Address,
    Bounds,
    Breakdown,
    CollectorError,
    HttpServer,
    Probe,
    Signal,
    Tls,
    Unavailable,
    expose,
    slo_families,
)
from .collector.allocation import give_memory_back
from .collector.plan import Outlet, Plan, Reception, ToOtlp, ToStore, ToXray
from .collector.plane import Plane
from .collector.prometheus import ScrapeJob
from .collector.xray import SamplingRule
from .settings import OtlpForward, RemoteWriteForward, Settings, XrayForward
from .slo import (
    DAY,
    Evaluation,
    Evaluator,
    HistoryPoint,
    Interval,
    Origin,
    SloFiles,
    State,
    Status,
    summarise,
    timestamp,
    write_openslo,
)

EVALUATE_SECONDS: Final = 5.0
"""SLOs are evaluated this often though no commit touched them: windows move on by themselves."""

BREATH_SECONDS: Final = 0.1
"""Commits that come closer together than this share an evaluation."""

EVALUATION_BOUNDARIES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

MOST_CONTESTED: Final = 5
"""SLOs that services declare in several ways and that the page names."""

TICK_SECONDS: Final = 1.0
WATCH_SECONDS: Final = 2.0

EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on

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


@contextlib.contextmanager
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
    """One collector with everything around it. It is the API's `Desk`: all answers come from the ledger as it is now."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._files = SloFiles(settings.slos)
        self._wake: Callable[[], None] = _nobody_waits
        slos = self._files.read()
        self._address = Address(settings.host, settings.port, "--port")
        with _closing_on_failure(self._address.close):
            self._plane = Plane(
                _plan(settings), slos, clock, time.monotonic, lambda names: self._wake(), self._slo_families
            )
        self._collector = self._plane.collector
        with _closing_on_failure(self._let_go):
            self._paging = self._build_paging(settings)
        self._valid = Gauge(
            "fournines_slo_files_valid",
            "1 while the SLO files hold no fault",
            registry=self._collector.counters.registry,
        )
        self._evaluation_seconds = Histogram(
            "fournines_evaluation_seconds",
            "Seconds an evaluation of all SLOs took",
            registry=self._collector.counters.registry,
            buckets=EVALUATION_BOUNDARIES,
        )
        self._prepared: tuple[int, Evaluator] | None = None
        self._evaluating = threading.Lock()

    def _build_paging(self, settings: Settings) -> Paging:
        names = [f"webhook-{number}" for number in range(1, len(settings.notify) + 1)]
        senders = {
            name: WebhookSender(
                str(hook.url),
                name=name,
                secret=hook.secret.get_secret_value() if hook.secret else None,
                external_url=self.url,
            )
            for name, hook in zip(names, settings.notify, strict=True)
        }
        registry = self._collector.counters.registry
        return Paging(self._collector.ledger.path, senders, self.url, self._clock, registry)

    @property
    def url(self) -> str:
        """Where people find the page: as configured; else the address listened on, or this machine's name where that is every one."""
        if self._settings.url:
            return str(self._settings.url).rstrip("/")
        host = self._settings.host
        return f"http://{platform.node() if host in EVERY_ADDRESS else _bracketed(host)}:{self._address.port}"

    async def serve(self) -> None:
        """Receives, evaluates, pages and shows until a signal says stop."""
        stop = asyncio.Event()
        self._take_signals(stop)
        self._watch_commits()
        pages = HttpServer(create_app(self, self._plane.write_app), self._address)
        await self._plane.start()
        await pages.start()
        _log.info("ledger in %s, %d SLOs from files", self._settings.data, len(self._files.slos))
        _log.info("pages and API on %s", self.url)
        jobs = [asyncio.create_task(job(), name=job.__name__) for job in (self._evaluate, self._tick, self._watch)]
        paging = asyncio.create_task(self._paging.run(), name="pager")
        failed = await _first(stop, [*jobs, paging, *self._plane.tasks])
        _log.info("stopping: taking in nothing new, committing what was accepted")
        await self._plane.stop()
        await _cancel(jobs)
        await asyncio.to_thread(self._judge)
        await _cancel([paging])
        await self._paging.finish()
        await pages.stop()
        if failed:
            raise failed

    def close(self) -> None:
        """Commits everything accepted, and lets the data folder go."""
        self._let_go()
        self._paging.close()

    def _let_go(self) -> None:
        self._address.close()
        self._plane.close()

    # What the API asks.

    def now(self) -> float:
        """Epoch seconds."""
        return self._clock()

    def evaluation(self) -> Evaluation:
        """All SLOs as they are now."""
        # One after the other, each with a later `now`: a window that had to go back would be counted anew, over all its days.
        with self._evaluating, self._evaluation_seconds.time():
            return self._evaluator().at(self._collector, self._clock())

    def summary(self, status: Status) -> dict[str, Any]:
        """One SLO as the API gives it."""
        since = self._paging.since(status.slo.name, status.state)
        used = self._collector.off_boundary.get(status.slo.name, _threshold(status))
        summary = summarise(status, status.now if since is None else since, self.alerts_of(status))
        return (
            summary
            | {
                "threshold_seconds": _threshold(status),
                "threshold_used_seconds": used,
                "sampled": status.slo.name in self._collector.sampled,
            }
            | self._declared(status.slo.name)
        )

    def _declared(self, name: str) -> dict[str, Any]:
        """Since when the service declares an SLO of that name as it does, and which of its versions did so first."""
        found = self._collector.declared(name)
        return {
            "declared_since": None if found is None else timestamp(found.since),
            "declared_version": None if found is None else found.version,
        }

    def declarations(self, service: str | None) -> list[dict[str, Any]]:
        """What services declare of themselves, of one of them where asked for."""
        catalogue = self._collector.catalogue
        files = {slo.name for slo in catalogue.slos if slo.origin is Origin.FILE}
        return [
            {
                "name": name,
                "service": found.slo.service,
                "version": found.version,
                "since": timestamp(found.since),
                "ways": found.ways,
                "replaced_by_file": name in files,
                "openslo": write_openslo([found.slo]),
            }
            for name, found in catalogue.declared.items()
            if service in (None, found.slo.service)
        ]

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began."""
        return self._paging.since(name, state)

    def alerts(self) -> list[dict[str, Any]]:
        """The open alerts."""
        return self._paging.alerts()

    def alerts_of(self, status: Status) -> list[dict[str, Any]]:
        """The open alerts that concern one SLO."""
        return self._paging.alerts_of(status.slo)

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO."""
        return self._collector.history(name, interval, step)

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """The exposition of /metrics and its content type."""
        self._valid.set(not self._files.fault)
        self._paging.measure()
        return expose(self._collector, self.evaluation(), self._paging.firing(), accept)

    def traces(self, service: str | None, route: str | None, state: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest traces kept."""
        return self._plane.traces.find(self._clock(), service, route, state, limit)

    def trace(self, trace_id: str) -> dict[str, Any] | None:
        """One trace that is kept."""
        return self._plane.traces.get(trace_id)

    def _slo_families(self) -> Iterator[Metric]:
        return slo_families(self._collector, self.evaluation(), self._paging.firing())

    def otlp(self) -> str:
        """Where services send OTLP over HTTP."""
        return f"http://{_bracketed(self._settings.host)}:{self._plane.http_port}"

    def trouble(self) -> str:
        """Why data can't be taken in now."""
        return (
            ""
            if self._collector.healthy
            else f"the ledger in {self._settings.data} can't be written: senders keep their data"
        )

    def notices(self) -> list[str]:
        """What an operator should know."""
        return [
            notice
            for notice in (
                self.trouble(),
                self._damage(),
                self._files.fault,
                *self._off_boundary(),
                *self._contested(),
            )
            if notice
        ]

    def _contested(self) -> list[str]:
        contested = [(name, found) for name, found in self._collector.catalogue.declared.items() if found.ways > 1]
        more = [f"... and {len(contested) - MOST_CONTESTED} more are declared in several ways"]
        return [
            f"{name}: declared in {found.ways} ways at the moment; what {' '.join((found.slo.service, found.version))} declared last holds"
            for name, found in contested[:MOST_CONTESTED]
        ] + (more if len(contested) > MOST_CONTESTED else [])

    def _damage(self) -> str:
        ledger = self._collector.ledger
        if ledger.inspection and ledger.inspection.damage:
            return f"the ledger {ledger.path} is damaged ({ledger.inspection.damage}): copy it, and put a backup in its place"
        if not ledger.damaged:
            return ""
        names = ", ".join(path.name for path in ledger.damaged)
        return f"a damaged ledger was set aside, what it counted is missing here: {names} in {self._settings.data}"

    def _off_boundary(self) -> list[str]:
        return [
            f"{name}: the histograms that are sent have no boundary at its threshold, "
            + (
                "nor below it: no request can be told to be quick"
                if used is None
                else f"the next one below is used: {used:g} s"
            )
            for name, used in sorted(self._collector.off_boundary.items())
        ]

    def contributors(self, name: str, interval: Interval) -> dict[str, list[dict[str, Any]]]:
        """What one SLO's bad events had in common, by cause and by instance, the largest first."""
        return {
            breakdown.name.lower(): [
                {key: text for key, text in contributor._asdict().items() if key != "breakdown" and text} | {"bad": bad}
                for contributor, bad in self._collector.contributors(name, interval, breakdown)
            ]
            for breakdown in Breakdown
        }

    # Evaluating.

    def _watch_commits(self) -> None:
        self._touched = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop ended: the last evaluation is made without being asked for
                loop.call_soon_threadsafe(self._touched.set)

        self._wake = wake

    def _evaluator(self) -> Evaluator:
        catalogue = self._collector.catalogue
        prepared = self._prepared
        if prepared is None or prepared[0] != catalogue.version:
            prepared = self._prepared = (catalogue.version, Evaluator(catalogue.slos))
        return prepared[1]

    def _judge(self) -> None:
        """Evaluates everything once, and puts what follows into the outbox."""
        self._paging.judge(self.evaluation())

    async def _evaluate(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._touched.wait(), EVALUATE_SECONDS)
            self._touched.clear()
            await asyncio.to_thread(self._judge)
            await asyncio.sleep(BREATH_SECONDS)

    # Time.

    async def _tick(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._collector.tick, self._clock())
            except Unavailable as error:
                _log.debug("no tick: %s", error)  # the ledger itself says once that it can't be written
            await asyncio.sleep(TICK_SECONDS)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if await asyncio.to_thread(self._files.changed):
                await self._read_again()

    async def _read_again(self) -> None:
        """Reads the SLO files; with a fault in them the SLOs in force stay."""
        try:
            slos = await asyncio.to_thread(self._files.read_again)
            if slos is None:
                _log.error("%s", self._files.fault)
            else:
                await asyncio.to_thread(self._collector.declare, slos, self._clock())
                _log.info("%d SLOs read from %s", len(slos), self._settings.slos)
                self._touched.set()
        except Unavailable as error:
            self._files.forget()
            _log.warning("SLO files are read again later: %s", error)

    # Coming and going.

    def _take_signals(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._files.forget)


def _plan(settings: Settings) -> Plan:
    """The data plane that the settings ask for."""
    kept = settings.traces
    return Plan(
        settings.data,
        settings.kernels_folder,
        _reception(settings),
        tuple(map(_outlet, settings.forward)),
        tuple(ScrapeJob(**(dict(job) | {"headers": _unmasked(job.headers)})) for job in settings.scrape),
        tuple(Probe(**(dict(probe) | {"headers": _unmasked(probe.headers)})) for probe in settings.probes),
        Bounds(kept.traces, kept.bytes, kept.days * DAY),
        kept.share,
    )


def _reception(settings: Settings) -> Reception:
    otlp, xray = settings.otlp, settings.xray
    return Reception(
        settings.host,
        otlp.http_port,
        otlp.grpc_port,
        otlp.socket,
        otlp.limit,
        tuple(token.get_secret_value() for token in otlp.tokens),
        Tls(otlp.tls.certificate, otlp.tls.key, otlp.tls.client_ca) if otlp.tls else None,
        xray.port,
        tuple(SamplingRule(**dict(rule)) for rule in xray.rules),
    )


def _outlet(one: OtlpForward | RemoteWriteForward | XrayForward) -> Outlet:
    match one:
        case OtlpForward():
            return ToOtlp(
                str(one.endpoint),
                one.protocol == "grpc",
                _unmasked(one.headers),
                frozenset(Signal[name.upper()] for name in one.signals),
                one.redact,
                one.compress,
                one.parallel,
                one.queue_bytes,
            )
        case XrayForward():
            endpoint = str(one.endpoint) if one.endpoint else None
            return ToXray(one.region, endpoint, one.redact, one.timeout, one.queue_bytes)
        case RemoteWriteForward():
            collector = one.collector or platform.node()
            return ToStore(str(one.url), collector, _unmasked(one.headers), one.interval, one.queue_bytes)


def _unmasked(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    return {key: value.get_secret_value() for key, value in headers.items()}


def _threshold(status: Status) -> float | None:
    threshold = status.slo.sli.threshold
    return None if threshold is None else float(threshold)


def _nobody_waits() -> None:
    """Before the loop runs there is nobody to wake."""


@contextlib.contextmanager
def _closing_on_failure(close: Callable[[], None]) -> Generator[None]:
    try:
        yield
    except BaseException:
        close()
        raise


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _first(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> BaseException | None:
    """Waits for the signal; returns the fault of a task that ended before, which none ever should."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done - {stopping}:
        _log.critical("%s ended", task.get_name(), exc_info=task.exception())
        return task.exception() or RuntimeError(f"{task.get_name()} ended")
    return None


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
