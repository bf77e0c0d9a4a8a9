"""What was: incidents that are over, and what was said of those that are not."""

from __future__ import annotations

from .alert import Alert, AlertKey
from .notification import Notification
from .outbox import Outbox
from .store import AlertStore


class Past:
    """Asked by a round; both read the same connection."""

    def __init__(self, store: AlertStore, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    def lately(self, key: AlertKey, now: float) -> Alert | None:
        """The alert of a key that ended so short a time ago that it is opened again rather than anew."""
        return self._store.lately(key, now)

    def last_said(self, number: int) -> Notification | None:
        """The last message about an incident; None where nobody was told anything."""
        return self._outbox.last(number)
