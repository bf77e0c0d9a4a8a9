"""Pages that were, for whoever asks what a release did."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from .alert import AlertKind

_PAGES: Final = """
SELECT service, slo, alert_opening.since, alert_opening.resolved FROM alert_opening JOIN alert ON number = incident
WHERE kind = ?1 AND (?2 = '' OR service = ?2) AND alert_opening.since >= ?3 AND alert_opening.since < ?4 ORDER BY alert_opening.since
"""
"""An incident that was opened again is a page each time: another release may have done that."""


class PastPage(NamedTuple):
    """A page about an SLO: when it began and when it was over (epoch seconds; None: it is open)."""

    service: str
    slo: str
    since: float
    resolved: float | None


def past_pages(connection: sqlite3.Connection, service: str, start: float, end: float) -> list[PastPage]:
    """The pages of a service, or of all where it is empty, that began in [start, end), the oldest first; they are kept for 400 days."""
    rows = connection.execute(_PAGES, (AlertKind.PAGE.value, service, start, end))
    return [PastPage(*row) for row in rows]
