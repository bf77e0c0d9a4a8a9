"""What a policy was worth for one SLO: which alerts meant something, who was told of which incident, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from ...slo import Severity
from .burn_history import BurnHistory
from .incident import Incident
from .replay import PastAlert


class Judged(NamedTuple):
    """An alert, and the incident that it is about, the last that had begun: None where it meant nothing."""

    alert: PastAlert
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class IncidentOutcome:
    """How an incident was noticed: by the first alert about it, or not at all. `spent` is the share of the budget it took, `spent_before`
    what of that was gone when somebody was told. While an earlier alert was still open nobody was told anew: it is `overlaid`.
    """

    incident: Incident
    spent: Fraction
    alert: PastAlert | None
    spent_before: Fraction | None
    paged: bool
    overlaid: bool

    @property
    def detection(self) -> int | None:
        """Seconds until somebody was told."""
        return None if self.alert is None else self.alert.told - self.incident.start

    @property
    def reset(self) -> int | None:
        """Seconds from the incident's end to that of the alert; None where there is none, or it lasts on."""
        if self.alert is None or self.alert.over is None:
            return None
        return max(0, self.alert.over - self.incident.end)


class Verdict(NamedTuple):
    """Everything a policy did for one SLO, and everything it had to notice."""

    slo: str
    alerts: tuple[Judged, ...]
    outcomes: tuple[IncidentOutcome, ...]


def judge(alerts: Sequence[PastAlert], incidents: Sequence[Incident], burns: BurnHistory) -> Verdict:
    """Holds alerts against incidents. What fires at the very first tick began before, nobody knows when: it is left out, and overlays."""
    first = burns.history.span.interval.start + burns.history.span.step
    known = [alert for alert in alerts if alert.told > first]
    judged = (
        Judged(alert, next((each for each in reversed(incidents) if _is_about(alert, each)), None)) for alert in known
    )
    outcomes = (
        _outcome(each, known, burns, overlaid=any(_is_open(alert, max(each.start, first)) for alert in alerts))
        for each in incidents
    )
    return Verdict(burns.slo.name, tuple(judged), tuple(outcomes))


def _is_about(alert: PastAlert, incident: Incident) -> bool:
    """Whether the incident had begun when somebody was told, and its last failures were still in every window that burnt."""
    return incident.start < alert.told and alert.told - alert.seconds < incident.end


def _outcome(incident: Incident, alerts: Sequence[PastAlert], burns: BurnHistory, *, overlaid: bool) -> IncidentOutcome:
    about = [alert for alert in alerts if _is_about(alert, incident)]
    alert = about[0] if about else None
    return IncidentOutcome(
        incident,
        burns.spent(incident.start, incident.end),
        alert,
        None if alert is None else burns.spent(incident.start, min(alert.told, incident.end)),
        paged=any(each.severity is Severity.PAGE for each in about),
        overlaid=alert is None and overlaid,
    )


def _is_open(alert: PastAlert, moment: int) -> bool:
    return alert.told <= moment and (alert.over is None or alert.over > moment)
