"""The pages behind the first screen: traces, deployments, alerts, silences, and who calls whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol

from fastapi import FastAPI, Path, Query
from fastapi.responses import HTMLResponse

from ...alerts import EndedAlert, EndedPlace, StoreError
from ...dashboards import render_missing
from ...dashboards.alert_pages import AlertView, alerts_listing, render_alert
from ...dashboards.calls import Call, Calls
from ...dashboards.listing import Listing, render_listing
from ...dashboards.listings import deployments_listing, silences_listing
from ...dashboards.map_page import ServicesMap, render_map
from ...dashboards.trace_page import render_trace, traces_listing
from ...slo import DAY, Interval
from .deployments import DeploymentKeeper
from .not_now import not_kept
from .pages import SECURITY_HEADERS
from .source import AlertSource, EvaluationSource, NoticeSource, SilenceSource, TraceSource

MOST_LINES: Final = 200
"""Lines of a table; the API has the others."""

_PAST_SILENCES: Final = 50
_Service = Annotated[str, Query(max_length=1_000)]
_Days = Annotated[int, Query(ge=1, le=400)]


class CallSource(Protocol):
    """Whoever knows who calls whom."""

    def calls(self) -> dict[Call, Calls]:
        """As of now."""
        ...


class AlertFinder(Protocol):
    """Whoever knows the alerts that are over, each by its number too. Raises `StoreError` where they can't be read."""

    def ended(
        self, since: float, until: float, slo: str, service: str, limit: int, before: EndedPlace | None = None
    ) -> Sequence[EndedAlert]:
        """As `EndedSource` has it."""
        ...

    def found(self, number: int) -> EndedAlert | None:
        """The incident of that number, where it is over."""
        ...


@dataclass(frozen=True, slots=True)
class EvidencePages:
    """/traces, /deployments, /alerts, /silences and /map. `now` gives epoch seconds."""

    evaluations: EvaluationSource
    traces: TraceSource
    deployments: DeploymentKeeper
    open: AlertSource
    past: AlertFinder
    silences: SilenceSource
    callers: CallSource
    notices: NoticeSource
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        for path, page in (
            ("/traces", self.traces_page),
            ("/traces/{trace_id}", self.trace_page),
            ("/deployments", self.deployments_page),
            ("/alerts", self.alerts_page),
            ("/alerts/{number}", self.alert_page),
            ("/silences", self.silences_page),
            ("/map", self.map_page),
        ):
            app.add_api_route(path, page, include_in_schema=False)

    def traces_page(self, service: _Service = "", state: Literal["", "failed", "slow", "sampled"] = "") -> HTMLResponse:
        """The newest traces that are kept."""
        now = self.now()
        found = self.traces.find(now, service or None, None, state or None, MOST_LINES)
        return self._listing(traces_listing(found, now, service, state))

    def trace_page(self, trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$")]) -> HTMLResponse:
        """One trace, or that it is not kept."""
        found = self.traces.get(trace_id)
        if found is None:
            return _page(render_missing(trace_id, self.now(), "trace"), 404)
        return _page(render_trace(found, self.now(), self._notices()))

    def deployments_page(self, service: _Service = "", days: _Days = 30) -> HTMLResponse:
        """What went out, the newest first."""
        now = self.now()
        found = self.deployments.releases(service, Interval(int(now) - days * DAY, int(now) + 1))
        lines = [each.as_json() for each in found[::-1][:MOST_LINES]]
        return self._listing(deployments_listing(lines, now, service, days))

    def alerts_page(self, days: _Days = 30) -> HTMLResponse:
        """The open alerts, and those that ended."""
        now = self.now()
        try:
            ended = self.past.ended(now - days * DAY, now, "", "", MOST_LINES)
        except StoreError as error:
            raise not_kept(error) from error
        return self._listing(alerts_listing(self.open.alerts(), ended, now, days))

    def alert_page(self, number: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> HTMLResponse:
        """One alert, open or over, or that there is none of that number."""
        now = self.now()
        opened = next((each for each in self.open.alerts() if each.alert.number == number), None)
        if opened is not None:
            sendings = [f"{each.stage}: {each.reason}" for each in opened.sendings]
            return _page(render_alert(AlertView(opened.alert, now, None, sendings), self._notices()))
        try:
            found = self.past.found(number)
        except StoreError as error:
            raise not_kept(error) from error
        if found is None:
            return _page(render_missing(str(number), now, "alert"), 404)
        return _page(render_alert(AlertView(found.alert, now, found), self._notices()))

    def silences_page(self) -> HTMLResponse:
        """What is silenced, and what was."""
        try:
            found = self.silences.known(_PAST_SILENCES)
        except StoreError as error:
            raise not_kept(error) from error
        return self._listing(silences_listing(found, self.now()))

    def map_page(self) -> HTMLResponse:
        """Who calls whom."""
        view = ServicesMap(self.evaluations.evaluation(), self.callers.calls(), self.now(), self._notices())
        return _page(render_map(view))

    def _listing(self, listing: Listing) -> HTMLResponse:
        return _page(render_listing(listing, self.now(), self._notices()))

    def _notices(self) -> Sequence[str]:
        return self.notices.notices()


def _page(html: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status_code=status_code, headers=SECURITY_HEADERS)
