"""Fan-out: what the collector took in, sent on to others, at least once, through queues on disk.

    arrival -> redaction -> queue (synced before the ledger's commit) -> sender -> destination

A destination that is slow, down or wrong costs room in its own queue and nothing else. Whatever is dropped is counted, with its reason.
"""

from .sender import Drop, Item, Retry, Sender

__all__ = ["Drop", "Item", "Retry", "Sender"]
