"""Where messages go that another system sends: addresses of webhooks, to be replaced by whatever wakes people."""

from __future__ import annotations

from typing import Final, NamedTuple

PAGES: Final = "pages"
TICKETS: Final = "tickets"
HEARTBEATS: Final = "heartbeats"
"""What the generated configurations call their receivers."""


class Webhooks(NamedTuple):
    """The address that pages go to, that of tickets, and that of a service that calls when the heartbeats stop."""

    pages: str = "http://127.0.0.1:9099/pages"
    tickets: str = "http://127.0.0.1:9099/tickets"
    heartbeats: str = "http://127.0.0.1:9099/heartbeats"


PLACEHOLDERS: Final = Webhooks()
"""Where nothing listens."""
