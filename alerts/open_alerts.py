"""The alerts that are open, as people are told of them: in which order, which of them are held back and why, and which concern an SLO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..slo import SLO, Severity, timestamp
from .alert import Alert, AlertKey, AlertKind, Subject
from .decision import SILENCE, Decision, Ruling

_HOLDING: Final = frozenset({SILENCE, "inhibition"})
"""The stages whose word is what keeps an alert from being told."""


class OpenAlert(NamedTuple):
    """An open alert, and what was decided about it last."""

    alert: Alert
    sendings: tuple[Decision, ...] = ()
    """What became of the newest message to each receiver."""

    @property
    def inhibited(self) -> bool:
        """Whether nobody is told of it for now: it is silenced, or another alert says more."""
        return bool(self.held_back)

    @property
    def held_back(self) -> str:
        """Why nobody is told of it for now; empty where somebody is."""
        last = self.alert.decisions[-1] if self.alert.decisions else None
        held = last is not None and last.ruling is Ruling.HELD and last.stage in _HOLDING
        return last.reason if last is not None and held else ""

    def as_json(self) -> dict[str, Any]:
        """The alert as the API says it."""
        alert = self.alert
        why = (*alert.decisions, *self.sendings)
        return as_said(alert, "firing") | {
            "reason": alert.words,
            "inhibited": self.inhibited,
            "held_back": self.held_back or None,
            "why": [each.as_json() for each in why],
        }


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """All of them at one moment. Iterating gives pages first, then the oldest first.

    `sendings` says by an incident's number what became of its messages.
    """

    by_key: Mapping[AlertKey, Alert]
    sendings: Mapping[int, tuple[Decision, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[OpenAlert]:
        order = sorted(self.by_key.values(), key=lambda alert: (alert.severity is Severity.TICKET, alert.firing.since))
        return map(self._open, order)

    def of(self, slo: SLO) -> tuple[OpenAlert, ...]:
        """Those that concern an SLO: its own, and those of the service that feeds it."""
        names = {Subject.SLO: slo.name, Subject.SERVICE: slo.sli.service}
        keys = (AlertKey(kind, names[kind.subject]) for kind in _NEAREST_FIRST)
        return tuple(self._open(self.by_key[key]) for key in keys if key in self.by_key)

    def _open(self, alert: Alert) -> OpenAlert:
        return OpenAlert(alert, self.sendings.get(alert.number, ()))

    def find(self, reference: str) -> AlertKey | None:
        """The key of the one whose incident has that number, or that is known by that dedup key; None where none is open."""
        found = (key for key, alert in self.by_key.items() if reference in (key.dedup, str(alert.number)))
        return next(found, None)


_NEAREST_FIRST: Final = sorted(AlertKind, key=lambda kind: (kind.subject is Subject.SERVICE, kind.severity.value))


def as_said(alert: Alert, state: str) -> dict[str, Any]:
    """What the API says of an alert whether it is open or over: which, what happened to it, and what people did about it."""
    return {
        "number": alert.number,
        "key": alert.key.dedup,
        "slo": alert.slo,
        "service": alert.service,
        "severity": alert.severity.value,
        "kind": alert.key.kind.value,
        "state": state,
        **_course(alert),
    }


def _course(alert: Alert) -> dict[str, Any]:
    taken = alert.acknowledged
    return {
        "since": timestamp(alert.firing.since),
        "began": timestamp(alert.began),
        "opened_again": alert.opened_again,
        "flaps": alert.flaps,
        "escalated_since": _moment(alert.escalated_since),
        "reason": alert.reason,
        "summary": alert.summary,
        "told_at": _moment(alert.told_at) if alert.told else None,
        "acknowledged": None if taken is None else taken.as_json(),
        "notes": [note.as_json() for note in alert.notes],
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else timestamp(at)
