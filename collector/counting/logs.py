"""Logs into the books: a sign of life of their senders. No SLO counts them."""

from __future__ import annotations

from ..books.books import Books
from ..columns import Logs, Signal
from ..rejections import Rejections, RequestOutcome
from ..senders.senders import SignOfLife


def count_logs(books: Books, logs: Logs, received: float) -> RequestOutcome:
    """Stages the signs of life of a request's log records."""
    books.hear((SignOfLife(books.origins.of(resource).sender) for resource in logs.resources), received)
    return Rejections(Signal.LOGS).outcome(len(logs.severity) + logs.skipped)
