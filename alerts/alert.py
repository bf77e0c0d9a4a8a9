"""The alert: something somebody must know, from the moment it fired to the moment it is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from ..slo import Severity, timestamp
from .acknowledgement import Acknowledgement
from .decision import SILENCE, Decisions, Ruling
from .note import Note
from .state import EXHAUSTED_KEEP_SECONDS, KEEP_FIRING_SECONDS, Firing


class Subject(Enum):
    """Whom an alert is about; the value begins its dedup key."""

    SERVICE = "service"
    SLO = "slo"


class AlertKind(Enum):
    """What an alert is about. Those of an SLO say how it burns; those of a service, what happened to whoever sends the events."""

    NO_DATA = "no_data"
    PAGE = "page"
    TICKET = "ticket"
    TRAFFIC_COLLAPSE_PAGE = "traffic_collapse_page"
    TRAFFIC_COLLAPSE = "traffic_collapse"
    CERTIFICATE_PAGE = "certificate_page"
    CERTIFICATE = "certificate"
    EXHAUSTED = "exhausted"
    AT_RISK = "at_risk"

    @property
    def severity(self) -> Severity:
        """A ticket waits for working hours; everything else wakes somebody."""
        return Severity.TICKET if self in _TICKETS else Severity.PAGE

    @property
    def hold_seconds(self) -> int:
        """How long its condition is clear before it is over."""
        return EXHAUSTED_KEEP_SECONDS if self is AlertKind.EXHAUSTED else KEEP_FIRING_SECONDS

    @property
    def subject(self) -> Subject:
        """Whose name the alert's key has."""
        return Subject.SLO if self in _OF_AN_SLO else Subject.SERVICE

    @property
    def escalates_to(self) -> AlertKind | None:
        """The page that says the same, only that it is worse; None where there is none."""
        return _ESCALATES_TO.get(self)

    @property
    def inhibited_by(self) -> tuple[AlertKind, ...]:
        """The alerts of the same name while which nobody is told of this one: they say more."""
        return _INHIBITED_BY.get(self, ())


_TICKETS: Final = frozenset(
    {AlertKind.TICKET, AlertKind.TRAFFIC_COLLAPSE, AlertKind.CERTIFICATE, AlertKind.EXHAUSTED, AlertKind.AT_RISK}
)
_OF_AN_SLO: Final = frozenset({AlertKind.PAGE, AlertKind.TICKET, AlertKind.EXHAUSTED, AlertKind.AT_RISK})
_ESCALATES_TO: Final[Mapping[AlertKind, AlertKind]] = {
    AlertKind.TICKET: AlertKind.PAGE,
    AlertKind.TRAFFIC_COLLAPSE: AlertKind.TRAFFIC_COLLAPSE_PAGE,
    AlertKind.CERTIFICATE: AlertKind.CERTIFICATE_PAGE,
}
_INHIBITED_BY: Final[Mapping[AlertKind, tuple[AlertKind, ...]]] = {
    **{ticket: (page,) for ticket, page in _ESCALATES_TO.items()},
    AlertKind.EXHAUSTED: (AlertKind.PAGE,),
    AlertKind.AT_RISK: (AlertKind.PAGE, AlertKind.TICKET, AlertKind.EXHAUSTED),
}


class AlertKey(NamedTuple):
    """Which alert: there is at most one open alert a key. `name` is that of an SLO or of a service, as its kind's subject says."""

    kind: AlertKind
    name: str

    @property
    def dedup(self) -> str:
        """What receivers recognise the incident by: the same at trigger and resolve, free of any level or value."""
        return f"{self.kind.subject.value}/{self.name}/{self.kind.value}"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that is open. `number` is its incident's, 0 until it is stored; `told` whether receivers were sent its trigger.

    `labels` stay as they were when it fired, so that a receiver finds the same alert again at its end. `firing` is about this opening;
    `first` is when the incident began, where it was `opened_again` since. `flaps` counts how often its condition was met again.
    `told_at` is when receivers were last told that it fires, `hushed` what has kept it quiet since then: once that is over, they are
    told again. `escalated_since` is since when the ticket fires that this page makes urgent.
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
    acknowledged: Acknowledgement | None = None
    flaps: int = 0
    opened_again: int = 0
    first: float | None = None
    escalated_since: float | None = None
    told_at: float | None = None
    hushed: str = ""
    decisions: Decisions = ()
    notes: tuple[Note, ...] = ()

    @property
    def severity(self) -> Severity:
        """Who is told: see `AlertKind.severity`."""
        return self.key.kind.severity

    @property
    def silenced(self) -> bool:
        """Whether somebody said that nobody is to be told of it for now: by what was decided last."""
        last = self.decisions[-1] if self.decisions else None
        return last is not None and last.ruling is Ruling.HELD and last.stage == SILENCE

    @property
    def began(self) -> float:
        """When its incident began (epoch seconds)."""
        return self.firing.since if self.first is None else self.first

    @property
    def words(self) -> str:
        """Why it is open, and since when its condition is clear when it only holds."""
        if self.firing.clear_since is None:
            return self.reason
        held = f"resolves after {self.key.kind.hold_seconds // 60} minutes"
        return f"{self.reason}; clear since {timestamp(self.firing.clear_since)}, {held} of calm"
