"""The collector: takes in what services send, counts it exactly, and keeps the counts through anything.

    bytes -> decode (columns) -> judge (series) -> books (one transaction) -> receipt

A receipt means durable: `Collector.accept` answers only after the commit.
"""

from .collector import Collector
from .columns import Logs, PointKind, Points, Signal, Source, Spans, Temporality, Wanted
from .decoders import Decoders
from .doors import Doors
from .errors import BadRequest, CollectorError, LedgerError, TooLarge, Unavailable
from .exposition import expose
from .grpc import GrpcReceiver
from .http import otlp_app
from .listener import HttpServer, listen
from .log_records import decode_logs
from .points import decode_points
from .recent import Receipt
from .taps import Arrival, Tap
from .wire import decode_spans

__all__ = [
    "Arrival",
    "BadRequest",
    "Collector",
    "CollectorError",
    "Decoders",
    "Doors",
    "GrpcReceiver",
    "HttpServer",
    "LedgerError",
    "Logs",
    "PointKind",
    "Points",
    "Receipt",
    "Signal",
    "Source",
    "Spans",
    "Tap",
    "Temporality",
    "TooLarge",
    "Unavailable",
    "Wanted",
    "decode_logs",
    "decode_points",
    "decode_spans",
    "expose",
    "listen",
    "otlp_app",
]
