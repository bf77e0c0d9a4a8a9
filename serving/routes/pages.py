"""The pages an on-call engineer opens, as HTML."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse

from ...alerts import StoreError
from ...dashboards import (
    CONTENT_SECURITY_POLICY,
    SHOWN,
    Asked,
    Beside,
    Detail,
    History,
    Overview,
    Shown,
    leading,
    render_missing,
    render_overview,
    render_slo,
)
from ...dashboards.shown import PRESETS
from ...slo import BUCKET, HOUR, STATES, Evaluation, Interval, Status, TimeWindow
from .beside import SurroundingSource
from .interval import LATEST
from .source import AlertSource, ChanceSource, CountSource, EndedSource, EvaluationSource, NoticeSource, SilenceSource

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

WHOLE_STEPS: Final = 120
"""Steps the budget's whole window is drawn in."""

MOST_INCIDENTS: Final = 100
"""Alerts that are marked in a chart."""

_log = logging.getLogger("fournines")
_Moment = Annotated[int | None, Query(ge=0, le=LATEST)]
_Text = Annotated[str, Query(max_length=1_000)]
_Last = Literal["1h", "3h", "12h", "1d", "7d", "30d"]
_By = Literal["cause", "route", "status", "error", "version", "instance"]


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """/ and /slo. `now` gives epoch seconds; `otlp` is where services send OTLP over HTTP, for a newcomer to copy."""

    evaluations: EvaluationSource
    alerts: AlertSource
    counts: CountSource
    chances: ChanceSource
    notices: NoticeSource
    silences: SilenceSource
    surroundings: SurroundingSource
    past: EndedSource
    now: Callable[[], float]
    otlp: str

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/", self.overview, include_in_schema=False)
        app.add_api_route("/slo/{name:anything}", self.slo, include_in_schema=False)

    def overview(
        self,
        service: _Text = "",
        state: _Text = "",
        text: Annotated[str, Query(alias="q", max_length=200)] = "",
        order: Literal["worst", "name", "service", "budget"] = "worst",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        explain: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query's flag
    ) -> HTMLResponse:
        """The SLOs asked for, worst first unless it is said otherwise."""
        evaluation, now = self.evaluations.evaluation(), self.now()
        asked = Asked(service, state, text, order, page)
        first = leading(evaluation, asked, now)
        view = Overview(
            evaluation=evaluation,
            now=now,
            since=self._since(evaluation),
            alerts=self.alerts.alerts(),
            notices=self.notices.notices(),
            asked=asked,
            beside=Beside() if first is None else self.surroundings.beside(first, now),
            how=explain,
            otlp=self.otlp,
        )
        return _page(render_overview(view))

    def slo(
        self,
        name: str,
        start: Annotated[_Moment, Query(alias="from")] = None,
        end: Annotated[_Moment, Query(alias="to")] = None,
        last: _Last = SHOWN,
        by: _By = "cause",
        explain: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query's flag
    ) -> HTMLResponse:
        """One SLO, or that there is none of that name; its past is of the time asked for."""
        evaluation, now = self.evaluations.evaluation(), self.now()
        status = evaluation.named(name)
        if status is None:
            return _page(render_missing(name, now), status_code=404)
        shown = _shown(start, end, last, now)
        view = Detail(
            status=status,
            now=now,
            since=self.alerts.since(name, status.state),
            alerts=self.alerts.alerts().of(status.slo),
            notices=self.notices.notices(),
            chance=self.chances.of(status),
            silences=self.silences.of(status.slo),
            recent=History(self.counts.history(name, shown.interval, shown.step), shown.interval, shown.step),
            whole=self._past(status, status.slo.window.elapsed(status.now), _step(status.slo.window)),
            beside=self.surroundings.beside(status, now),
            evaluation=evaluation,
            shown=shown,
            spending=self.surroundings.spending(name, shown, by),
            how=explain,
            incidents=self._incidents(status),
        )
        return _page(render_slo(view))

    def _since(self, evaluation: Evaluation) -> dict[str, float]:
        """When the state of each SLO began, as far as that is known."""
        states = zip(evaluation.layout.names, evaluation.states.tolist(), strict=True)
        began = ((name, self.alerts.since(name, STATES[state])) for name, state in states)
        return {name: since for name, since in began if since is not None}

    def _incidents(self, status: Status) -> list[float]:
        """When alerts of an SLO began, over its window; those that are over are left out where they can't be read."""
        now, slo = self.now(), status.slo
        try:
            over = self.past.ended(now - slo.window.elapsed(status.now), now, slo.name, "", MOST_INCIDENTS)
        except StoreError as error:
            _log.warning("the page of %s says nothing of alerts that are over: %s", slo.name, error)
            over = ()
        opened = self.alerts.alerts().of(slo)
        return [each.alert.began for each in over] + [each.alert.began for each in opened]

    def _past(self, status: Status, seconds: int, step: int) -> History:
        """The last `seconds`, ending with the step being filled, in steps aligned to themselves."""
        end = int(status.now // step) * step + step
        interval = Interval(end - -(-seconds // step) * step, end)
        return History(self.counts.history(status.slo.name, interval, step), interval, step)


def _shown(start: int | None, end: int | None, last: str, now: float) -> Shown:
    """The time asked for; the last hours where that is none. An end alone is the end of as long a time."""
    if start is None and end is None:
        return Shown.of_last(last, now)
    end = int(now) + BUCKET if end is None else end
    start = max(0, end - PRESETS[last]) if start is None else start
    return Shown.of_moments(start, end) if start < end else Shown.of_last(last, now)


def _step(window: TimeWindow) -> int:
    """Seconds a step of the whole window's chart: whole minutes, or whole hours where only those are kept."""
    width = HOUR if window.seconds > HOUR * WHOLE_STEPS else BUCKET
    return max(width, window.seconds // WHOLE_STEPS // width * width)


def _page(html: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status_code=status_code, headers=SECURITY_HEADERS)
