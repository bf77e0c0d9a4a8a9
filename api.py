"""The HTTP application on port 8400: JSON API, /metrics, health, and the on-call page. It asks one `Desk` and knows no one behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Protocol

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import __version__
from .dashboards import (
    CONTENT_SECURITY_POLICY,
    STATIC,
    Detail,
    History,
    Overview,
    render_missing,
    render_overview,
    render_slo,
)
from .slo import BUCKET, HOUR, MINUTE, STATES, Evaluation, HistoryPoint, Interval, State, Status, Window

MAX_POINTS: Final = 11_000
"""Points one history answer may hold; the bound Prometheus sets for a range query."""

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

JSON = dict[str, Any]

_From = Annotated[int | None, Query(alias="from", description="epoch seconds; an hour before `to` unless given")]
_To = Annotated[int | None, Query(alias="to", description="epoch seconds, not included; now unless given")]


class Desk(Protocol):
    """What the API asks; `service.Service` answers."""

    def evaluation(self) -> Evaluation:
        """All SLOs as they are now."""
        ...

    def contributors(self, name: str, interval: Interval) -> JSON:
        """What one SLO's bad events had in common, by cause and by instance."""
        ...

    def traces(self, service: str | None, route: str | None, state: str | None, limit: int) -> list[JSON]:
        """The newest traces kept, of a service, a route and a state where asked for."""
        ...

    def trace(self, trace_id: str) -> JSON | None:
        """One trace; None where it is not kept."""
        ...

    def summary(self, status: Status) -> JSON:
        """One SLO as the API gives it, with its state's beginning and its open alerts."""
        ...

    def declarations(self, service: str | None) -> list[JSON]:
        """What services declare of themselves, of one of them where asked for."""
        ...

    def alerts(self) -> list[JSON]:
        """The open alerts."""
        ...

    def alerts_of(self, status: Status) -> list[JSON]:
        """The open alerts that concern one SLO, its service's included."""
        ...

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO."""
        ...

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began, in epoch seconds; None where the alerts have not seen it in that state yet."""
        ...

    def now(self) -> float:
        """Epoch seconds."""
        ...

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """The exposition of /metrics and its content type."""
        ...

    def otlp(self) -> str:
        """Where services send OTLP over HTTP, for a newcomer to copy."""
        ...

    def trouble(self) -> str:
        """Why data can't be taken in now; empty when it can."""
        ...

    def notices(self) -> list[str]:
        """What an operator should know: an SLO file that could not be read, a ledger that can't be written."""
        ...


def create_app(desk: Desk, write: ASGIApp | None = None) -> FastAPI:
    """The application. It holds no state of its own: every answer is made from `desk` at the time of the request.

    `write` answers Prometheus' remote writes at /api/v1/write.
    """
    app = FastAPI(title="fournines", version=__version__, docs_url=None, redoc_url=None)
    for add in (_add_health, _add_slos, _add_declarations, _add_traces, _add_alerts, _add_metrics, _add_pages):
        add(app, desk)
    if write is not None:
        app.router.routes.append(Route("/api/v1/write", _Whole(write)))
    return app


@dataclass(frozen=True, slots=True)
class _Whole:
    """An ASGI application as an endpoint: a bare function would be taken for one that answers a `Request`."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _add_health(app: FastAPI, desk: Desk) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz")
    async def healthz() -> JSON:
        """The process is alive."""
        return {"status": "ok", "version": __version__}

    @app.head("/readyz", include_in_schema=False)
    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Data is taken in; 503 with the reason where it can't be."""
        trouble = desk.trouble()
        return JSONResponse({"status": trouble or "ok"}, status_code=503 if trouble else 200)


def _add_slos(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/v1/slos")
    def slos() -> JSON:
        """Every SLO, worst first."""
        evaluation = desk.evaluation()
        return {"slos": [desk.summary(evaluation.status(row)) for row in evaluation.worst_first]}

    # A service's name may hold slashes, so the longer path comes first.
    @app.get("/api/v1/slos/{name:path}/history")
    def history(
        name: str,
        start: _From = None,
        end: _To = None,
        step: Annotated[int, Query(ge=BUCKET, multiple_of=BUCKET, description="seconds")] = BUCKET,
    ) -> JSON:
        """Counts in steps of `step` seconds. Steps without events are left out."""
        evaluation = desk.evaluation()
        _find(evaluation, name)
        interval = _interval(start, end, step, evaluation.now)
        return {"points": [point._asdict() for point in desk.history(name, interval, step)]}

    @app.get("/api/v1/slos/{name:path}/contributors")
    def contributors(
        name: str,
        start: _From = None,
        end: _To = None,
    ) -> JSON:
        """What the bad events had in common: the largest causes and instances of whole minutes, `otel.metric.overflow` for the rest."""
        evaluation = desk.evaluation()
        _find(evaluation, name)
        return desk.contributors(name, _minutes(_interval(start, end, MINUTE, evaluation.now)))

    @app.get("/api/v1/slos/{name:path}")
    def slo(name: str) -> JSON:
        """One SLO."""
        return desk.summary(_find(desk.evaluation(), name))


def _add_traces(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/v1/traces")
    def traces(
        service: str | None = None,
        route: str | None = None,
        state: Annotated[Literal["failed", "slow", "sampled"] | None, Query(description="why it is kept")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
    ) -> JSON:
        """The newest traces that are kept."""
        return {"traces": desk.traces(service, route, state, limit)}

    @app.get("/api/v1/traces/{trace_id}")
    def trace(trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$")]) -> JSON:
        """One trace with its spans and log records."""
        found = desk.trace(trace_id)
        if found is None:
            raise HTTPException(404, f"no trace {trace_id} is kept")
        return found


def _interval(start: int | None, end: int | None, step: int, now: float) -> Interval:
    end = int(now) + BUCKET if end is None else end
    start = end - 3600 if start is None else start
    if end <= start:
        raise HTTPException(422, "`to` lies after `from`")
    if (end - start) // step > MAX_POINTS:
        raise HTTPException(422, f"more than {MAX_POINTS} points; ask for a longer step or a shorter time")
    return Interval(start, end)


def _minutes(interval: Interval) -> Interval:
    """The whole minutes that hold the interval."""
    return Interval(interval.start // MINUTE * MINUTE, -(-interval.end // MINUTE) * MINUTE)


def _find(evaluation: Evaluation, name: str) -> Status:
    status = evaluation.named(name)
    if status is None:
        raise HTTPException(404, f"there is no SLO named {name!r}")
    return status


def _add_declarations(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/v1/declarations")
    def declarations(service: str | None = None) -> JSON:
        """The SLOs that services declare in their code, each also as the OpenSLO file it would be."""
        return {"declarations": desk.declarations(service)}


def _add_alerts(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/v1/alerts")
    def alerts() -> JSON:
        """The open alerts."""
        return {"alerts": desk.alerts()}


def _add_metrics(app: FastAPI, desk: Desk) -> None:
    @app.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        body, content_type = desk.metrics(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})


def _add_pages(app: FastAPI, desk: Desk) -> None:
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    def overview(show_all: Annotated[bool, Query(alias="all")] = False, service: str = "") -> HTMLResponse:  # noqa: FBT002 - a query's flag
        evaluation = desk.evaluation()
        states = zip(evaluation.evaluator.names, evaluation.states.tolist(), strict=True)
        since = {name: began for name, state in states if (began := desk.since(name, STATES[state])) is not None}
        view = Overview(
            evaluation=evaluation,
            now=desk.now(),
            since=since,
            alerts=desk.alerts(),
            notices=desk.notices(),
            show_all=show_all,
            service=service,
            otlp=desk.otlp(),
        )
        return _page(render_overview(view))

    @app.get("/slo/{name:path}", include_in_schema=False)
    def slo(name: str) -> HTMLResponse:
        status = desk.evaluation().named(name)
        if status is None:
            return _page(render_missing(name, desk.now()), status_code=404)
        view = Detail(
            status=status,
            now=desk.now(),
            since=desk.since(name, status.state),
            alerts=desk.alerts_of(status),
            notices=desk.notices(),
            recent=_past(desk, status, *RECENT),
            whole=_past(desk, status, status.slo.window.seconds, _step(status.slo.window)),
        )
        return _page(render_slo(view))


def _page(html: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status_code=status_code, headers=SECURITY_HEADERS)


def _step(window: Window) -> int:
    """Seconds a step of the whole window's chart: whole minutes, or whole hours where only those are kept."""
    width = HOUR if window.seconds > HOUR * WHOLE_STEPS else BUCKET
    return max(width, window.seconds // WHOLE_STEPS // width * width)


def _past(desk: Desk, status: Status, seconds: int, step: int) -> History:
    """The last `seconds`, ending with the step being filled, in steps aligned to themselves."""
    end = int(status.now // step) * step + step
    interval = Interval(end - -(-seconds // step) * step, end)
    return History(desk.history(status.slo.name, interval, step), interval, step)
