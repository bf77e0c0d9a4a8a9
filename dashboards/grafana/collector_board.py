"""The dashboard of the collector itself: whether its figures can be believed, and what it runs out of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from . import catalog, expressions, metrics
from .board import board
from .expressions import RATE_INTERVAL
from .panels import COUNT_THRESHOLDS, GREEN, ORANGE, RED, GridPos, PanelThresholds, Query, row, series, stat

COLLECTOR_UID: Final = "fournines-collector"

_FINE: Final[PanelThresholds] = ((RED, 0.0), (GREEN, 1.0))
_OLD: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 15.0), (RED, 30.0))
_UNSENT: Final[PanelThresholds] = ((GREEN, 0.0), (ORANGE, 30.0), (RED, 120.0))
_WRITABLE: Final = {"0": "NOT WRITABLE", "1": "writable"}
_VALID: Final = {"0": "FAULTY", "1": "valid"}
_SKEWED: Final = 10


def collector_board() -> Any:
    """The dashboard of every collector that the data source scrapes."""
    return board(
        "SLOs: the collector",
        COLLECTOR_UID,
        "Whether the collector's figures can be believed: what it takes, refuses and writes, how old its figures are, whom it can't reach.",
        [*_now(), *_taking_in(), *_speed(), *_telling(), *_room()],
    )


def _now() -> Iterable[Any]:
    yield row("Can it be believed?", 0)
    writable = f"min({metrics.LEDGER_HEALTHY})"
    yield stat(catalog.LEDGER_WRITABLE, GridPos(0, 1, 6, 4), writable, _FINE, says=_WRITABLE)
    yield stat(catalog.SLO_FILES, GridPos(6, 1, 6, 4), f"min({metrics.SLO_FILES_VALID})", _FINE, says=_VALID)
    oldest = f"max({metrics.EVALUATION_AGE} > {metrics.INGESTION_AGE} or {metrics.INGESTION_AGE})"
    yield stat(catalog.AGES, GridPos(12, 1, 6, 4), oldest, _OLD, decimals=1)
    faults = f"sum(increase({metrics.INTERNAL_ERRORS}[1h]) + increase({metrics.COMMIT_FAILURES}[1h]))"
    yield stat(catalog.FAULTS, GridPos(18, 1, 6, 4), faults, COUNT_THRESHOLDS, says={"0": "none"})


def _taking_in() -> Iterable[Any]:
    yield row("What comes in", 5)
    yield _rates(catalog.ITEMS_TAKEN, GridPos(0, 6, 12, 8), metrics.ACCEPTED, "signal")
    yield _rates(catalog.ITEMS_REFUSED, GridPos(12, 6, 12, 8), metrics.REJECTED, "signal", "reason")
    yield _rates(catalog.REQUESTS_BY_RESULT, GridPos(0, 14, 12, 8), metrics.REQUESTS, "result")
    yield _rates(catalog.DOOR_REFUSALS, GridPos(12, 14, 12, 8), metrics.REFUSED, "door", "reason")


def _speed() -> Iterable[Any]:
    yield row("How fast it is", 22)
    yield _quantiles(catalog.COMMITS, GridPos(0, 23, 12, 8), metrics.COMMIT_BUCKET)
    yield _quantiles(catalog.EVALUATIONS, GridPos(12, 23, 12, 8), metrics.EVALUATION_BUCKET)
    yield series(catalog.QUEUED, GridPos(0, 31, 12, 8), [Query(f"sum({metrics.QUEUE})", "requests")])
    yield series(catalog.QUEUED_BYTES, GridPos(12, 31, 12, 8), [Query(f"sum({metrics.QUEUE_BYTES})", "bytes")])


def _telling() -> Iterable[Any]:
    yield row("Whom it tells", 39)
    oldest = Query(f"max by (receiver) ({metrics.NOTIFICATION_OLDEST})", "{{receiver}}")
    yield series(catalog.UNSENT, GridPos(0, 40, 8, 8), [oldest], thresholds=_UNSENT)
    kept = Query(f"sum by (receiver, state) ({metrics.NOTIFICATIONS})", "{{receiver}} {{state}}")
    yield series(catalog.MESSAGES, GridPos(8, 40, 8, 8), [kept])
    lag = Query(f"max by (destination) ({metrics.FORWARD_LAG})", "{{destination}}")
    yield series(catalog.FORWARDING, GridPos(16, 40, 8, 8), [lag], thresholds=_UNSENT)


def _room() -> Iterable[Any]:
    yield row("What it keeps", 48)
    yield series(catalog.LEDGER_SIZE, GridPos(0, 49, 12, 8), [Query(f"max({metrics.LEDGER_BYTES})", "ledger")])
    known = {"services": metrics.SERVICES, "senders": metrics.SENDERS, "attribute sets": metrics.SERIES}
    yield series(
        catalog.REMEMBERED, GridPos(12, 49, 12, 8), [Query(f"max({name})", words) for words, name in known.items()]
    )
    off = expressions.top(_SKEWED, f"abs(max by (service, instance) ({metrics.CLOCK_SKEW}))")
    yield series(catalog.SKEWS, GridPos(0, 57, 12, 8), [Query(off, "{{service}} {{instance}}")], thresholds=_OLD)
    yield _rates(catalog.OVERFLOWS, GridPos(12, 57, 12, 8), metrics.SERIES_OVERFLOW, "service")


def _rates(text: catalog.PanelText, place: GridPos, counter: str, *by: str) -> Any:
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    return series(text, place, [Query(f"sum by ({', '.join(by)}) (rate({counter}[{RATE_INTERVAL}]))", legend)])


def _quantiles(text: catalog.PanelText, place: GridPos, buckets: str) -> Any:
    counted = f"sum by (le) (rate({buckets}[{RATE_INTERVAL}]))"
    shares = {"half": "0.5", "99 %": "0.99"}
    return series(
        text, place, [Query(f"histogram_quantile({share}, {counted})", words) for words, share in shares.items()]
    )
