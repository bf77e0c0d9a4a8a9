"""The alerts that are open, as people are told of them: in which order, which of them are held back, and which concern an SLO."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..slo import SLO, timestamp
from .alert import Alert, AlertKey, AlertKind


class OpenAlert(NamedTuple):
    """An open alert, and whether nobody is told of it for now."""

    alert: Alert
    inhibited: bool

    def as_json(self) -> dict[str, Any]:
        """The alert as the API says it."""
        alert = self.alert
        return {
            "slo": alert.slo,
            "service": alert.service,
            "severity": alert.severity.value,
            "kind": alert.key.kind.value,
            "state": "firing",
            "since": timestamp(alert.firing.since),
            "reason": alert.words,
            "summary": alert.summary,
            "inhibited": self.inhibited,
        }


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """All of them at one moment. Iterating gives pages first, then the oldest first."""

    by_key: Mapping[AlertKey, Alert]

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[OpenAlert]:
        order = sorted(self.by_key.values(), key=lambda alert: (alert.key.kind is AlertKind.TICKET, alert.firing.since))
        return (OpenAlert(alert, inhibited(alert.key, self.by_key)) for alert in order)

    def of(self, slo: SLO) -> tuple[OpenAlert, ...]:
        """Those that concern an SLO: its page, its ticket, and that of the service that feeds it."""
        keys = (
            AlertKey(AlertKind.PAGE, slo.name),
            AlertKey(AlertKind.TICKET, slo.name),
            AlertKey(AlertKind.NO_DATA, slo.sli.service),
        )
        return tuple(OpenAlert(self.by_key[key], inhibited(key, self.by_key)) for key in keys if key in self.by_key)


def inhibited(key: AlertKey, open_: Container[AlertKey]) -> bool:
    """Whether nobody is told of this alert for now: a ticket while the page of the same SLO fires."""
    return key.kind is AlertKind.TICKET and AlertKey(AlertKind.PAGE, key.name) in open_
