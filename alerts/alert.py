"""The alert: something somebody must know, from the moment it fired to the moment it is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from ..slo import Severity, timestamp
from .state import KEEP_FIRING_SECONDS, Firing


class AlertKind(Enum):
    """What an alert is about. Burn alerts belong to an SLO, `NO_DATA` to the service that sends the events."""

    NO_DATA = "no_data"
    PAGE = "page"
    TICKET = "ticket"

    @property
    def severity(self) -> Severity:
        """A ticket waits for working hours; everything else wakes somebody."""
        return Severity.TICKET if self is AlertKind.TICKET else Severity.PAGE


class AlertKey(NamedTuple):
    """Which alert: there is at most one open alert a key. `name` is an SLO's, for `NO_DATA` a service's."""

    kind: AlertKind
    name: str

    @property
    def dedup(self) -> str:
        """What receivers recognise the incident by: the same at trigger and resolve, free of any level or value."""
        return (
            f"service/{self.name}/no_data" if self.kind is AlertKind.NO_DATA else f"slo/{self.name}/{self.kind.value}"
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that is open. `number` is its incident's, 0 until it is stored; `told` whether receivers were sent its trigger.

    `labels` stay as they were when it fired, so that a receiver finds the same alert again at its end.
    """

    key: AlertKey
    slo: str
    service: str
    labels: Mapping[str, str]
    reason: str
    summary: str
    firing: Firing
    told: bool = False
    number: int = 0

    @property
    def severity(self) -> Severity:
        """Who is told: see `AlertKind.severity`."""
        return self.key.kind.severity

    @property
    def words(self) -> str:
        """Why it is open, and since when its condition is clear when it only holds."""
        if self.firing.clear_since is None:
            return self.reason
        held = f"resolves after {KEEP_FIRING_SECONDS // 60} minutes"
        return f"{self.reason}; clear since {timestamp(self.firing.clear_since)}, {held} of calm"
