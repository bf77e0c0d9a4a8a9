"""The alerts that are open, as people are told of them: in which order, which of them are held back, and which concern an SLO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..slo import SLO, timestamp
from .alert import Alert, AlertKey, AlertKind


class OpenAlert(NamedTuple):
    """An open alert, and the page because of which nobody is told of it for now."""

    alert: Alert
    holder: Alert | None = None

    @property
    def inhibited(self) -> bool:
        """Whether nobody is told of it for now."""
        return self.holder is not None

    @property
    def held_back(self) -> str:
        """Why nobody is told of it for now; empty where somebody is."""
        if self.holder is None:
            return ""
        if self.holder.slo == self.alert.slo:
            return "held back by the page"
        return f"held back: depends on {self.holder.slo}, which burns since {timestamp(self.holder.firing.since)}"

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
            "held_back": self.held_back or None,
        }


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """All of them at one moment, with the pages that hold others back. Iterating gives pages first, then the oldest first."""

    by_key: Mapping[AlertKey, Alert]
    holders: Mapping[AlertKey, Alert] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[OpenAlert]:
        order = sorted(self.by_key.values(), key=lambda alert: (alert.key.kind is AlertKind.TICKET, alert.firing.since))
        return (self._shown(alert.key) for alert in order)

    def of(self, slo: SLO) -> tuple[OpenAlert, ...]:
        """Those that concern an SLO: its page, its ticket, and that of the service that feeds it."""
        keys = (
            AlertKey(AlertKind.PAGE, slo.name),
            AlertKey(AlertKind.TICKET, slo.name),
            AlertKey(AlertKind.NO_DATA, slo.sli.service),
        )
        return tuple(self._shown(key) for key in keys if key in self.by_key)

    def _shown(self, key: AlertKey) -> OpenAlert:
        return OpenAlert(self.by_key[key], inhibitor(key, self.by_key) or self.holders.get(key))


def inhibitor(key: AlertKey, open_: Mapping[AlertKey, Alert]) -> Alert | None:
    """The page because of which nobody is told of a ticket: that of the same SLO, while it fires."""
    return open_.get(AlertKey(AlertKind.PAGE, key.name)) if key.kind is AlertKind.TICKET else None
