"""Fan-out: what the collector took in, sent on to others, at least once, through queues on disk.

    arrival -> redaction -> queue (synced before the ledger's commit) -> forwarder -> destination

A destination that is slow, down or wrong costs room in its own queue and nothing else. Whatever is dropped is counted, with its reason.
"""

from .backoff import Backoff
from .destination import ALL, NONE, Destination, queue_name
from .forwarder import Drop, FakeForwarder, Forwarder, QueuedRequest, Retry
from .forwards import FOLDER, Forwards, abandoned
from .instruments import Instruments
from .otlp_grpc import OtlpGrpcForwarder
from .otlp_http import OtlpHttpForwarder
from .queue import MOST_BYTES, Queue
from .retry_after import retry_after

__all__ = [
    "ALL",
    "FOLDER",
    "MOST_BYTES",
    "NONE",
    "Backoff",
    "Destination",
    "Drop",
    "FakeForwarder",
    "Forwarder",
    "Forwards",
    "Instruments",
    "OtlpGrpcForwarder",
    "OtlpHttpForwarder",
    "Queue",
    "QueuedRequest",
    "Retry",
    "abandoned",
    "queue_name",
    "retry_after",
]
