"""The collector: takes in what services send, counts it exactly, and keeps the counts through anything.

    bytes -> decode (columns) -> judge (series) -> books (one transaction) -> receipt

A receipt means durable: `Collector.accept` answers only after the commit.
"""

from .books.contributor import Breakdown, Contributor
from .collector import Collector
from .columns import Logs, Signal, Source, Wanted
from .counters import Counters
from .decoders import Decoders
from .doors.access import Access
from .doors.address import Address
from .doors.door import Terms
from .doors.doors import Doors
from .doors.grpc.door import GrpcDoor
from .doors.http.door import HttpDoor
from .doors.receiving import Receiving
from .doors.server import HttpServer
from .doors.tls import Tls
from .errors import BadRequest, CollectorError, LedgerError, TooLarge, Unavailable
from .exposition import expose, slo_families
from .ledger.ledger import Ledger
from .probes.probe import Probe
from .receipt import Receipt
from .room import Room
from .traces.store import Retention

__all__ = [
    "Access",
    "Address",
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
    "Logs",
    "Probe",
    "Receipt",
    "Receiving",
    "Retention",
    "Room",
    "Signal",
    "Source",
    "Terms",
    "Tls",
    "TooLarge",
    "Unavailable",
    "Wanted",
    "expose",
    "slo_families",
]
