"""The watchman: troubles of the collector in, messages out. One alert a vital, held as all alerts are, under a key that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...slo import Severity, timestamp
from ..names import (
    ALERT_LAG,
    ALERT_LEDGER,
    ANNOTATION_DASHBOARD,
    ANNOTATION_DESCRIPTION,
    ANNOTATION_SUMMARY,
    LABEL_ALERTNAME,
    LABEL_COLLECTOR,
    LABEL_LAG,
    LABEL_SERVICE,
    LABEL_SEVERITY,
)
from ..notification import Action, Link, Notification
from ..state import ConditionState, Firing, step
from .vitals import Trouble, Vital

SERVICE: Final = "fournines"
"""The service that these alerts are about: the collector itself."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert about a vital, in the words it fired with."""

    trouble: Trouble
    firing: Firing

    @property
    def kept(self) -> dict[str, Any]:
        """What is remembered of it."""
        return {"summary": self.trouble.summary, "description": self.trouble.description, "since": self.firing.since}

    @classmethod
    def recalled(cls, vital: Vital, kept: Mapping[str, Any]) -> Watched:
        """Reads what `kept` was."""
        trouble = Trouble(vital, str(kept["summary"]), str(kept["description"]))
        return cls(trouble, Firing(float(kept["since"])))


class Watchman:
    """Knows which vitals are in trouble. `collector` names this one among others, `public_url` is where its pages are.

    `remembered` is what an earlier one had in `kept`: it goes on, and is told again, for it may not have been told.
    """

    def __init__(self, collector: str, public_url: str, remembered: Mapping[str, Any] | None = None) -> None:
        self._collector = collector
        self._public_url = public_url
        self._open = dict(_read(remembered or {}))
        self._untold = set(self._open)

    @property
    def open(self) -> tuple[Watched, ...]:
        """What fires."""
        return tuple(self._open.values())

    @property
    def kept(self) -> dict[str, Any]:
        """What has to be remembered over a restart."""
        return {vital.value: watched.kept for vital, watched in self._open.items()}

    def as_json(self) -> list[dict[str, Any]]:
        """What fires, as the API says alerts: of no SLO, and nothing that people did about them."""
        return [self._as_json(watched) for watched in self.open]

    def _as_json(self, watched: Watched) -> dict[str, Any]:
        vital, since = watched.trouble.vital, timestamp(watched.firing.since)
        nothing = {"opened_again": 0, "flaps": 0, "escalated_since": None, "inhibited": False, "held_back": None}
        return {
            "number": 0,
            "key": self._key(vital),
            "slo": "",
            "service": SERVICE,
            "severity": Severity.PAGE.value,
            "kind": "ledger" if vital is Vital.LEDGER else "lag",
            "state": "firing",
            "since": since,
            "began": since,
            **nothing,
            "reason": watched.trouble.summary,
            "summary": self._summary(watched.trouble),
            "told_at": since,
            "acknowledged": None,
            "notes": [],
            "why": [],
        }

    def _key(self, vital: Vital) -> str:
        return f"collector/{self._collector}/{vital.value}"

    def _summary(self, trouble: Trouble) -> str:
        return f"{self._collector}: {trouble.summary}"

    def look(self, troubles: tuple[Trouble, ...], now: float) -> list[Notification]:
        """Takes what is wrong at `now` (epoch seconds) into account; returns what is to be said of it."""
        found = {trouble.vital: trouble for trouble in troubles}
        said = [self._look(vital, found.get(vital), now) for vital in Vital]
        return [notification for notification in said if notification is not None]

    def _look(self, vital: Vital, trouble: Trouble | None, now: float) -> Notification | None:
        before = self._open.get(vital)
        condition = ConditionState.CLEAR if trouble is None else ConditionState.MET
        transition = step(before.firing if before else None, condition, now)
        if transition.firing is None:
            self._open.pop(vital, None)
            return self._notification(before, now) if before is not None else None
        if before is not None:
            self._open[vital] = replace(before, firing=transition.firing)
            return self._told_again(vital)
        assert trouble is not None, "only a trouble opens an alert"
        opened = self._open[vital] = Watched(trouble, transition.firing)
        return self._notification(opened)

    def _told_again(self, vital: Vital) -> Notification | None:
        if vital not in self._untold:
            return None
        self._untold.discard(vital)
        return self._notification(self._open[vital])

    def _notification(self, watched: Watched, ended: float | None = None) -> Notification:
        trouble, since = watched.trouble, watched.firing.since
        summary = self._summary(trouble)
        description = trouble.description
        if ended is not None:
            summary, description = f"Over: {summary}", "It goes on again."
        return Notification(
            Action.TRIGGER if ended is None else Action.RESOLVE,
            self._key(trouble.vital),
            self._labels(trouble.vital),
            {
                ANNOTATION_SUMMARY: summary,
                ANNOTATION_DESCRIPTION: description,
                ANNOTATION_DASHBOARD: self._public_url,
            },
            since,
            ended,
            self._public_url,
            links=(Link("Collector", self._public_url),),
        )

    def _labels(self, vital: Vital) -> dict[str, str]:
        return {
            LABEL_ALERTNAME: ALERT_LEDGER if vital is Vital.LEDGER else ALERT_LAG,
            LABEL_SERVICE: SERVICE,
            LABEL_COLLECTOR: self._collector,
            LABEL_SEVERITY: Severity.PAGE.value,
            **({} if vital is Vital.LEDGER else {LABEL_LAG: vital.value.removeprefix("lag/")}),
        }


def _read(remembered: Mapping[str, Any]) -> dict[Vital, Watched]:
    """What can be read of it: a file of another version, or a damaged one, holds nothing back."""
    found = {}
    for vital in Vital:
        try:
            found[vital] = Watched.recalled(vital, remembered[vital.value])
        except (KeyError, TypeError, ValueError):
            continue
    return found
