"""Alerts that are over, for whoever looks back: lists, reports, and whether they were worth being told."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..slo import timestamp
from .acknowledgement import Acknowledgement
from .alert import Alert
from .alert_verdict import AlertVerdict
from .open_alerts import as_said
from .reading import AlertRow, read_alerts

MOST_ENDED: Final = 1_000
"""What is read at once at most."""

_WITHIN: Final = """
WHERE resolved >= :since AND since < :until AND (:slo = '' OR slo = :slo) AND (:service = '' OR service = :service)
    AND (resolved, number) < (:before_ended, :before_number) ORDER BY resolved DESC, number DESC LIMIT :limit
"""
_LAST: Final = (float("inf"), 0)


class EndedPlace(NamedTuple):
    """Where in the list an alert stands: what comes behind it ended earlier or, at the same time, has a lower number."""

    ended: float
    number: int


@dataclass(frozen=True, slots=True)
class EndedAlert:
    """An incident that is over, as it was at its end. `ended` in epoch seconds; `answered` is who took it on first, be it given back since;
    `verdict` what people said of it afterwards. `alert.told` says whether anybody was told of it at all.
    """

    alert: Alert
    ended: float
    answered: Acknowledgement | None = None
    verdict: AlertVerdict | None = None

    @property
    def seconds(self) -> float:
        """From its beginning to its end, the calm before it was opened again included; never below 0, however the clock was set."""
        return max(0.0, self.ended - self.alert.began)

    @property
    def place(self) -> EndedPlace:
        """For whoever asks what comes behind it."""
        return EndedPlace(self.ended, self.alert.number)

    def as_json(self) -> dict[str, Any]:
        """As the API says it."""
        return as_said(self.alert, "ended") | {
            "ended": timestamp(self.ended),
            "duration_seconds": self.seconds,
            "answered": None if self.answered is None else self.answered.as_json(),
            "verdict": None if self.verdict is None else self.verdict.as_json(),
            "why": [each.as_json() for each in self.alert.decisions],
        }


def ended_alerts(
    connection: sqlite3.Connection,
    since: float,
    until: float,
    *,
    slo: str = "",
    service: str = "",
    limit: int = MOST_ENDED,
    before: EndedPlace | None = None,
) -> list[EndedAlert]:
    """Those that were open at any time in [since, until) (epoch seconds) and are over, the last to end first; `limit` of them at most.

    `slo` and `service` ask for those that concern one, `before` for those behind one. They are kept for 400 days. `StoreError` when the
    file can't be read.
    """
    ended, number = before or _LAST
    values = {
        "since": since,
        "until": until,
        "slo": slo,
        "service": service,
        "limit": limit,
        "before_ended": ended,
        "before_number": number,
    }
    return [_ended(each, each.ended) for each in read_alerts(connection, _WITHIN, values) if each.ended is not None]


def ended_alert(connection: sqlite3.Connection, number: int) -> EndedAlert | None:
    """The incident of that number; None where it is open, forgotten, or never was. `StoreError` when the file can't be read."""
    found = read_alerts(connection, "WHERE number = :number", {"number": number})
    return next((_ended(each, each.ended) for each in found if each.ended is not None), None)


def _ended(row: AlertRow, ended: float) -> EndedAlert:
    return EndedAlert(row.alert, ended, row.answered, row.verdict)
