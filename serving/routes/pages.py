"""The pages an on-call engineer opens, as HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse

from ...dashboards import (
    CONTENT_SECURITY_POLICY,
    Detail,
    History,
    Overview,
    render_missing,
    render_overview,
    render_slo,
)
from ...slo import BUCKET, HOUR, MINUTE, STATES, Evaluation, Interval, Status, TimeWindow
from .source import AlertSource, ChanceSource, CountSource, EvaluationSource, NoticeSource, SilenceSource

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

RECENT: Final = (3 * HOUR, 2 * MINUTE)
"""Seconds the charts of the last hours show, and seconds a step: three hours hold the slowest page pair's onset."""

WHOLE_STEPS: Final = 120
"""Steps the budget's whole window is drawn in."""


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """/ and /slo. `now` gives epoch seconds; `otlp` is where services send OTLP over HTTP, for a newcomer to copy."""

    evaluations: EvaluationSource
    alerts: AlertSource
    counts: CountSource
    chances: ChanceSource
    notices: NoticeSource
    silences: SilenceSource
    now: Callable[[], float]
    otlp: str

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/", self.overview, include_in_schema=False)
        app.add_api_route("/slo/{name:path}", self.slo, include_in_schema=False)

    def overview(
        self,
        show_all: Annotated[bool, Query(alias="all")] = False,  # noqa: FBT002 - a query's flag
        service: str = "",
    ) -> HTMLResponse:
        """Every SLO, worst first."""
        evaluation = self.evaluations.evaluation()
        view = Overview(
            evaluation=evaluation,
            now=self.now(),
            since=self._since(evaluation),
            alerts=self.alerts.alerts(),
            notices=self.notices.notices(),
            show_all=show_all,
            service=service,
            otlp=self.otlp,
        )
        return _page(render_overview(view))

    def slo(self, name: str) -> HTMLResponse:
        """One SLO, or that there is none of that name."""
        status = self.evaluations.evaluation().named(name)
        if status is None:
            return _page(render_missing(name, self.now()), status_code=404)
        view = Detail(
            status=status,
            now=self.now(),
            since=self.alerts.since(name, status.state),
            alerts=self.alerts.alerts().of(status.slo),
            notices=self.notices.notices(),
            chance=self.chances.of(status),
            silences=self.silences.of(status.slo),
            recent=self._past(status, *RECENT),
            whole=self._past(status, status.slo.window.elapsed(status.now), _step(status.slo.window)),
        )
        return _page(render_slo(view))

    def _since(self, evaluation: Evaluation) -> dict[str, float]:
        """When the state of each SLO began, as far as that is known."""
        states = zip(evaluation.layout.names, evaluation.states.tolist(), strict=True)
        began = ((name, self.alerts.since(name, STATES[state])) for name, state in states)
        return {name: since for name, since in began if since is not None}

    def _past(self, status: Status, seconds: int, step: int) -> History:
        """The last `seconds`, ending with the step being filled, in steps aligned to themselves."""
        end = int(status.now // step) * step + step
        interval = Interval(end - -(-seconds // step) * step, end)
        return History(self.counts.history(status.slo.name, interval, step), interval, step)


def _step(window: TimeWindow) -> int:
    """Seconds a step of the whole window's chart: whole minutes, or whole hours where only those are kept."""
    width = HOUR if window.seconds > HOUR * WHOLE_STEPS else BUCKET
    return max(width, window.seconds // WHOLE_STEPS // width * width)


def _page(html: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status_code=status_code, headers=SECURITY_HEADERS)
