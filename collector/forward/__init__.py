"""Fan-out: what the collector took in, sent on to others, at least once, through queues on disk.

    arrival -> redaction -> queue (synced before the ledger's commit) -> sender -> destination

A destination that is slow, down or wrong costs room in its own queue and nothing else. Whatever is dropped is counted, with its reason.
"""

from .backoff import Backoff
from .destination import ALL, NONE, Destination, queue_name
from .forwards import FOLDER, Forwards, abandoned
from .instruments import Instruments
from .otlp_grpc import OtlpGrpcSender
from .otlp_http import OtlpHttpSender
from .queue import MOST_BYTES, Queue
from .retry_after import retry_after
from .sender import Drop, FakeSender, Item, Retry, Sender
from .under_way import Entry

__all__ = [
    "ALL",
    "FOLDER",
    "MOST_BYTES",
    "NONE",
    "Backoff",
    "Destination",
    "Drop",
    "Entry",
    "FakeSender",
    "Forwards",
    "Instruments",
    "Item",
    "OtlpGrpcSender",
    "OtlpHttpSender",
    "Queue",
    "Retry",
    "Sender",
    "abandoned",
    "queue_name",
    "retry_after",
]
