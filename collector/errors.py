"""Everything the collector raises, in one tree. What never leaves its room (an objective that is refused, say) is declared there.

CollectorError
 ├─ BadRequest                what was sent can't be read: 400 / INVALID_ARGUMENT, not to be sent again
 │   └─ TooLarge              larger than the limit, before or after inflating: 413 / RESOURCE_EXHAUSTED
 ├─ Unauthenticated           its sender showed no token that may send: 401 / UNAUTHENTICATED
 ├─ Unavailable               can't be kept now: 503 / UNAVAILABLE with Retry-After, to be sent again
 ├─ Unredactable              something in it looks like a secret and can't be taken out: it is not sent on, and counted as dropped
 ├─ LedgerError               the ledger can't be opened: locked by another process, damaged, of a newer version
 └─ EngineError               a Prometheus-compatible engine gave no answer
     ├─ QueryRefused          to this query, which it can't read or carry out; others may do
     └─ Unreachable           to anything: it is not there, too slow, or no such engine

Between rooms, and caught by the queue that a sender sends from:

Retry                        forward.forwarder: not now; tried again, after as long as was asked for
Drop                         forward.forwarder: not ever; counted under its reason
"""

from __future__ import annotations


class CollectorError(Exception):
    """Root of the collector's errors. Its text is meant for whoever sent or started it."""


class BadRequest(CollectorError):
    """What was sent can't be read, and never will be."""


class TooLarge(BadRequest):
    """The body is larger than the limit, before or after inflating."""


class Unauthenticated(CollectorError):
    """Whoever sent it showed nothing that lets it in."""


class Unavailable(CollectorError):
    """It can't be kept now; the sender keeps it and tries again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unredactable(CollectorError):
    """Something in a message looks like a card number or a secret, and can't be taken out: the message is too large, or damaged."""


class LedgerError(CollectorError):
    """The ledger can't be opened; the text says why and what to do."""


class EngineError(CollectorError):
    """A Prometheus-compatible engine gave no answer; the text says why."""


class QueryRefused(EngineError):
    """The engine can't read this query, or can't carry it out."""


class Unreachable(EngineError):
    """The engine can't be asked at all now."""
