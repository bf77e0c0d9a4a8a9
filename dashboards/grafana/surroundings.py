"""What stands around the dashboards: the collector's pages, who keeps traces, and CloudWatch, where services live there."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import quote

from ...slo import InvalidValue

PAGES: Final = "http://127.0.0.1:8400"


class TraceStore(StrEnum):
    """Who keeps the traces that exemplars lead to."""

    OWN = "own"
    TEMPO = "tempo"
    JAEGER = "jaeger"
    XRAY = "xray"


class Surroundings(NamedTuple):
    """Where links lead, and which other data sources there are.

    `pages` is where people reach the collector; `traces` who keeps traces, and `trace_source` the uid of that data source; `region` is
    where CloudWatch has the services' embedded metrics (empty: nowhere), in `namespace`.
    """

    pages: str = PAGES
    traces: TraceStore = TraceStore.OWN
    trace_source: str = ""
    region: str = ""
    namespace: str = "fournines"

    def kept_traces(self, service: str) -> str:
        """The address of the collector's list of a service's kept traces."""
        return f"{self.pages}/traces?service={quote(service, safe='')}"

    def slo_page(self, name: str) -> str:
        """The address of an SLO on the collector's pages."""
        return f"{self.pages}/slo/{quote(name, safe='')}"


def parse_traces(text: str) -> tuple[TraceStore, str]:
    """Reads `own`, or a store and the uid of its data source, such as `tempo:UID`. Raises `InvalidValue`."""
    kind, _, source = text.partition(":")
    known = {store.value: store for store in TraceStore}
    if kind not in known or (kind == TraceStore.OWN) is bool(source.strip()):
        raise InvalidValue(f"{text!r} keeps no traces; write own, tempo:UID, jaeger:UID or xray:UID")
    return known[kind], source.strip()
