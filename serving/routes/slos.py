"""SLOs: how they stand, their counts, and what their bad events had in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query

from ...collector import Breakdown, Contributor
from ...slo import BUCKET, MINUTE, Evaluation, Status
from .interval import From, To, asked_interval, whole_minutes
from .source import JSON, CountSource, EvaluationSource, SummarySource


@dataclass(frozen=True, slots=True)
class SloRoutes:
    """/api/v1/slos and below."""

    evaluations: EvaluationSource
    summaries: SummarySource
    counts: CountSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes. A service's name may hold slashes, so longer paths come first."""
        app.add_api_route("/api/v1/slos", self.slos)
        app.add_api_route("/api/v1/slos/{name:path}/history", self.history)
        app.add_api_route("/api/v1/slos/{name:path}/contributors", self.contributors)
        app.add_api_route("/api/v1/slos/{name:path}/explain", self.explain)
        app.add_api_route("/api/v1/slos/{name:path}", self.slo)

    def slos(self) -> JSON:
        """Every SLO, worst first."""
        evaluation = self.evaluations.evaluation()
        return {"slos": [self.summaries.summary(evaluation.status(row)) for row in evaluation.worst_first]}

    def history(
        self,
        name: str,
        start: From = None,
        end: To = None,
        step: Annotated[int, Query(ge=BUCKET, multiple_of=BUCKET, description="seconds")] = BUCKET,
    ) -> JSON:
        """Counts in steps of `step` seconds. Steps without events are left out."""
        evaluation = self.evaluations.evaluation()
        _find(evaluation, name)
        interval = asked_interval(start, end, step, evaluation.now)
        return {"points": [point._asdict() for point in self.counts.history(name, interval, step)]}

    def contributors(self, name: str, start: From = None, end: To = None) -> JSON:
        """What the bad events had in common: the largest causes and instances of whole minutes, `otel.metric.overflow` for the rest."""
        evaluation = self.evaluations.evaluation()
        _find(evaluation, name)
        interval = whole_minutes(asked_interval(start, end, MINUTE, evaluation.now))
        return {
            breakdown.name.lower(): [
                _contribution(contributor, bad)
                for contributor, bad in self.counts.contributors(name, interval, breakdown)
            ]
            for breakdown in Breakdown
        }

    def slo(self, name: str) -> JSON:
        """One SLO, what is to come of it, and how its numbers came about."""
        return self.summaries.detail(_find(self.evaluations.evaluation(), name))

    def explain(self, name: str) -> JSON:
        """How the numbers of one SLO came about, in sentences: a line a subject."""
        return {"explanation": self.slo(name)["explanation"]}


def _find(evaluation: Evaluation, name: str) -> Status:
    status = evaluation.named(name)
    if status is None:
        raise HTTPException(404, f"there is no SLO named {name!r}")
    return status


def _contribution(contributor: Contributor, bad: int) -> JSON:
    """What is known of a contributor, and how many bad events are its."""
    return {key: text for key, text in contributor._asdict().items() if key != "breakdown" and text} | {"bad": bad}
