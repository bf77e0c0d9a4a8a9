"""The collector: takes in what services send, counts it exactly, and keeps the counts through anything.

    bytes -> decode (columns) -> judge (series) -> books (one transaction) -> receipt

A receipt means durable: `Collector.accept` answers only after the commit.
"""

from .access import Access, Peer
from .collector import Collector
from .columns import Logs, PointKind, Points, Signal, Source, Spans, Temporality, Wanted
from .contributor import Breakdown, Contributor
from .counters import Counters
from .decoders import Decoders
from .door import Terms
from .doors import Doors
from .errors import BadRequest, CollectorError, LedgerError, TooLarge, Unauthenticated, Unavailable
from .exposition import expose, slo_families
from .grpc import GrpcDoor
from .http import HttpDoor
from .listener import Address, HttpServer
from .logs import LogCounts
from .probe import Prober
from .probe_check import Probe
from .receiving import Receiving
from .recent import Receipt
from .room import Room
from .taps import Arrival, Tap
from .tls import Tls
from .trace_store import Bounds
from .traces import Traces

__all__ = [
    "Access",
    "Address",
    "Arrival",
    "BadRequest",
    "Bounds",
    "Breakdown",
    "Collector",
    "CollectorError",
    "Contributor",
    "Counters",
    "Decoders",
    "Doors",
    "GrpcDoor",
    "HttpDoor",
    "HttpServer",
    "LedgerError",
    "LogCounts",
    "Logs",
    "Peer",
    "PointKind",
    "Points",
    "Probe",
    "Prober",
    "Receipt",
    "Receiving",
    "Room",
    "Signal",
    "Source",
    "Spans",
    "Tap",
    "Temporality",
    "Terms",
    "Tls",
    "TooLarge",
    "Traces",
    "Unauthenticated",
    "Unavailable",
    "Wanted",
    "expose",
    "slo_families",
]
