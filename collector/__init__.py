"""The collector: takes in what services send, counts it exactly, and keeps the counts through anything.

    bytes -> decode (columns) -> judge (series) -> books (one transaction) -> receipt

A receipt means durable: `Collector.accept` answers only after the commit.
"""

from .collector import Collector
from .columns import PointKind, Points, Signal, Spans, Temporality
from .doors import Doors
from .errors import BadRequest, CollectorError, LedgerError, TooLarge, Unavailable
from .exposition import expose
from .grpc import GrpcReceiver
from .http import otlp_app
from .intake import Decoders
from .listener import HttpServer, listen
from .points import decode_points
from .recent import Receipt
from .wire import decode_spans

__all__ = [
    "BadRequest",
    "Collector",
    "CollectorError",
    "Decoders",
    "Doors",
    "GrpcReceiver",
    "HttpServer",
    "LedgerError",
    "PointKind",
    "Points",
    "Receipt",
    "Signal",
    "Spans",
    "Temporality",
    "TooLarge",
    "Unavailable",
    "decode_points",
    "decode_spans",
    "expose",
    "listen",
    "otlp_app",
]
