"""What the ledger tells of itself: its size, what is free in it, what waits to be folded, and whether it is or was damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as Exposed

from .. import names
from .ledger import Ledger


class LedgerInstruments(Exposed):
    """Gauges that are read when they are asked for. Those that need a file that can't be read now are left out."""

    def __init__(self, registry: CollectorRegistry, ledger: Ledger) -> None:
        self._ledger = ledger
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The names, without reading anything."""
        for name, text, _ in _GAUGES:
            yield GaugeMetricFamily(name, text)

    def collect(self) -> Iterator[Metric]:
        """The numbers now."""
        yield _gauge(names.LEDGER_DAMAGED, _DAMAGED, self._is_damaged())
        yield _gauge(names.LEDGER_SET_ASIDE, _SET_ASIDE, len(self._ledger.damaged))
        try:
            reader = self._ledger.reader()
        except sqlite3.Error:
            return  # the ledger's health, which is a gauge of its own, says so
        try:
            for name, text, query in _GAUGES[2:]:
                yield _gauge(name, text, int(reader.execute(query).fetchone()[0]))
        except sqlite3.Error:
            return
        finally:
            reader.close()

    def _is_damaged(self) -> int:
        inspection = self._ledger.inspection
        return int(inspection is not None and inspection.damage is not None)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


_DAMAGED = "1 when damage was found while the ledger is in use"
_SET_ASIDE = "Damaged ledgers that lie in the data folder"
_GAUGES = (
    (names.LEDGER_DAMAGED, _DAMAGED, ""),
    (names.LEDGER_SET_ASIDE, _SET_ASIDE, ""),
    (
        names.LEDGER_BYTES,
        "Bytes of the ledger's file, without its log",
        "SELECT p.page_count * s.page_size FROM pragma_page_count AS p, pragma_page_size AS s",
    ),
    (
        names.LEDGER_FREE_BYTES,
        "Bytes in the ledger's file that are free and will be used again",
        "SELECT f.freelist_count * s.page_size FROM pragma_freelist_count AS f, pragma_page_size AS s",
    ),
    (
        names.LEDGER_LATE_ROWS,
        "Rows of late events that wait to be folded into packed days, 100000 at most",
        "SELECT count(*) FROM (SELECT 1 FROM late LIMIT 100000)",
    ),
)
