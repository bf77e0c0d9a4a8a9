"""The collector: takes in what services send, counts it exactly, and keeps the counts through anything.

    bytes -> decode (columns) -> judge (series) -> books (one transaction) -> receipt

A receipt means durable: `Collector.accept` answers only after the commit.
"""

from .books.contributor import Breakdown, Contributor
from .books.taps import Arrival, Tap
from .collector import Collector
from .columns import Logs, PointKind, Points, Signal, Source, Spans, Temporality, Wanted
from .counters import Counters
from .decoders import Decoders
from .doors.access import Access, Peer
from .doors.address import Address
from .doors.door import Terms
from .doors.doors import Doors
from .doors.grpc.door import GrpcDoor
from .doors.http.door import HttpDoor
from .doors.receiving import Receiving
from .doors.server import HttpServer
from .doors.tls import Tls
from .errors import BadRequest, CollectorError, LedgerError, TooLarge, Unauthenticated, Unavailable
from .exposition import expose, slo_families
from .ledger.ledger import Ledger
from .logs import LogCounts
from .probes.probe import Probe
from .probes.prober import Prober
from .receipt import Receipt
from .room import Room
from .traces.store import Retention
from .traces.traces import Traces

__all__ = [
    "Access",
    "Address",
    "Arrival",
    "BadRequest",
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
    "Ledger",
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
    "Retention",
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
