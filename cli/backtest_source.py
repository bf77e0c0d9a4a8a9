"""Where `fournines backtest` takes counts from: a ledger, a collector, an engine or a file."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from ..alerts.backtest.counts_file import CountsFile
from ..alerts.backtest.history import HistorySource
from ..client import Client, NotACollector, Refused
from ..collector.ledger.archive import Archive
from ..slo import MINUTE, HistoryPoint, Interval
from .prometheus_history import PrometheusHistory

MOST_STEPS: Final = 10_000
"""Of one question to a collector, which answers 11,000 points at most."""


class Opened(NamedTuple):
    """A source, and until when it knows (epoch seconds); where it says more, also since when, and how finely."""

    source: HistorySource
    end: float
    start: int | None = None
    step: int | None = None


class CollectorHistory:
    """The counts of a running collector, asked for in pieces. Raises `ClientError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO; none where the collector doesn't know it."""
        try:
            pieces = [
                self._client.history(name, start, min(start + MOST_STEPS * step, interval.end), step)
                for start in range(interval.start, interval.end, MOST_STEPS * step)
            ]
        except Refused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ()
            raise
        try:
            return [
                HistoryPoint(int(point["t"]), int(point["good"]), int(point["total"]))
                for piece in pieces
                for point in piece
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise NotACollector("what it answers is of no collector") from error


@contextmanager
def opened_ledger(data: Path) -> Generator[Opened]:
    """A ledger or a data folder, whether a collector runs on it or not."""
    with Archive(data) as archive:
        yield Opened(archive, archive.end)


@contextmanager
def _address(url: str) -> Generator[None]:
    """What can be none, a name too long for any host or a proxy of no known kind, is `httpx.InvalidURL`."""
    try:
        httpx.URL(url).host.encode("idna")
        yield
    except ValueError as error:
        raise httpx.InvalidURL(str(error)) from error


@contextmanager
def opened_collector(url: str, now: float) -> Generator[Opened]:
    """A running collector."""
    with Client(url, timeout=60) as client:
        yield Opened(CollectorHistory(client), now)


@contextmanager
def opened_engine(url: str, now: float) -> Generator[Opened]:
    """A Prometheus-compatible engine. What it scraped is no finer than a minute, to be safe."""
    with _address(url):
        made = PrometheusHistory(url)
    with made as engine:
        yield Opened(engine, now // MINUTE * MINUTE, step=MINUTE)


@contextmanager
def opened_file(path: Path) -> Generator[Opened]:
    """A file of counts."""
    file = CountsFile(path)
    yield Opened(file, file.interval.end, file.interval.start, file.step)
