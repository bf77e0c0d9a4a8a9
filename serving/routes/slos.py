"""SLOs: how they stand, their counts, and what their bad events had in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from ... import answers
from ...answers import StateName
from ...collector import Breakdown, Contributor
from ...slo import BUCKET, MINUTE, Evaluation, Status
from ..contract import Cursor, Limit, answers_with, listed, page_of
from ..contract.paging import Place
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
        one = "/api/v1/slos/{name:anything}"
        app.add_api_route("/api/v1/slos", self.slos, **answers_with(answers.Slos, answers.SLOS))
        app.add_api_route(f"{one}/history", self.history, **answers_with(answers.History, answers.HISTORY, 404))
        blamed = answers_with(answers.Contributors, answers.CONTRIBUTORS, 404)
        app.add_api_route(f"{one}/contributors", self.contributors, **blamed)
        explained = answers_with(answers.Explanation, answers.EXPLANATION, 404)
        app.add_api_route(f"{one}/explain", self.explain, **explained)
        app.add_api_route(one, self.slo, **answers_with(answers.SloDetail, answers.SLO_DETAIL, 404))

    def slos(
        self,
        request: Request,
        service: Annotated[str | None, Query(description="of this service alone")] = None,
        state: Annotated[StateName | None, Query(description="in this state alone")] = None,
        sort: Annotated[Literal["worst", "name"], Query(description="what comes first")] = "worst",
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> JSONResponse:
        """Every SLO, worst first.

        One that gets better or worse between two pages may be given twice or not at all; sorted by name none is.
        """
        evaluation = self.evaluations.evaluation()
        asked = (row for row in evaluation.worst_first if _is_asked(evaluation, row, service, state))
        page, following = page_of(asked, _PLACES[sort](evaluation), limit, cursor)
        return listed(request, {"slos": [self.summaries.summary(evaluation.status(row)) for row in page]}, following)

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


def _is_asked(evaluation: Evaluation, row: int, service: str | None, state: str | None) -> bool:
    status = evaluation.status(row)
    return service in (None, status.slo.service) and state in (None, status.state.value)


def _by_name(evaluation: Evaluation) -> Callable[[int], Place]:
    return lambda row: (evaluation.layout.names[row],)


def _by_state(evaluation: Evaluation) -> Callable[[int], Place]:
    """As `worst_first` has them."""
    states, left = evaluation.states.tolist(), evaluation.remaining_ratios.tolist()
    return lambda row: (states[row], left[row], evaluation.layout.names[row])


_PLACES: Final = {"worst": _by_state, "name": _by_name}


def _find(evaluation: Evaluation, name: str) -> Status:
    status = evaluation.named(name)
    if status is None:
        raise HTTPException(404, f"there is no SLO named {name!r}")
    return status


def _contribution(contributor: Contributor, bad: int) -> JSON:
    """What is known of a contributor, and how many bad events are its."""
    return {key: text for key, text in contributor._asdict().items() if key != "breakdown" and text} | {"bad": bad}
