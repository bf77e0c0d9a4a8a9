"""What a policy was worth for all SLOs together: numbers to compare policies by."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...slo import Severity
from .verdict import IncidentOutcome, Judged, Verdict


@dataclass(frozen=True, slots=True)
class Score:
    """Sums and middles over SLOs; None where there is nothing to say. Times are in seconds, spent budget is a share of it.

    `precision` is the share of pages that meant something, `recall` that of incidents somebody was told of, `paged` by a page. Of an
    `overlaid` incident nobody was told anew, because an earlier alert was still open: it counts neither as told nor as missed.
    """

    pages: int
    pages_for_nothing: int
    tickets: int
    tickets_for_nothing: int
    precision: float | None
    incidents: int
    told: int
    paged: int
    overlaid: int
    missed: int
    recall: float | None
    detection_median: float | None
    detection_worst: float | None
    spent_median: float | None
    spent_worst: float | None
    reset_median: float | None

    def as_json(self) -> dict[str, Any]:
        """By the names of its fields."""
        return asdict(self)


def score(verdicts: Iterable[Verdict]) -> Score:
    """All of them as one."""
    every = list(verdicts)
    alerts = [judged for verdict in every for judged in verdict.alerts]
    pages, tickets = _of(alerts, Severity.PAGE), _of(alerts, Severity.TICKET)
    outcomes = [outcome for verdict in every for outcome in verdict.outcomes]
    told, overlaid = (sum(what) for what in zip(*map(_noticed, outcomes), strict=True)) if outcomes else (0, 0)
    detections = [each.detection for each in outcomes if each.detection is not None]
    spent = [float(each.spent_before) for each in outcomes if each.spent_before is not None]
    nothing = _for_nothing(pages)
    return Score(
        pages=len(pages),
        pages_for_nothing=nothing,
        tickets=len(tickets),
        tickets_for_nothing=_for_nothing(tickets),
        precision=_share(len(pages) - nothing, len(pages)),
        incidents=len(outcomes),
        told=told,
        paged=sum(each.paged for each in outcomes),
        overlaid=overlaid,
        missed=len(outcomes) - told - overlaid,
        recall=_share(told, len(outcomes) - overlaid),
        detection_median=_median(detections),
        detection_worst=max(detections, default=None),
        spent_median=_median(spent),
        spent_worst=max(spent, default=None),
        reset_median=_median([each.reset for each in outcomes if each.reset is not None]),
    )


def _of(alerts: Iterable[Judged], severity: Severity) -> list[Judged]:
    return [judged for judged in alerts if judged.alert.severity is severity]


def _for_nothing(alerts: Iterable[Judged]) -> int:
    return sum(judged.incident is None for judged in alerts)


def _noticed(outcome: IncidentOutcome) -> tuple[bool, bool]:
    return outcome.alert is not None, outcome.overlaid


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _median(values: Sequence[float]) -> float | None:
    return float(statistics.median(values)) if values else None
