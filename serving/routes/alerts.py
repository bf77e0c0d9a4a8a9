"""What is open, and what was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from ... import answers
from ...alerts import Alert, EndedPlace, StoreError
from ...answers import ALERTS, Alerts
from ..contract import answers_with, listed
from .interval import LATEST
from .moment import Moment, seconds_of
from .not_now import not_kept
from .source import JSON, AlertSource, EndedSource

MOST: Final = 1_000

_NUMBER: Final = re.compile("[0-9]{1,18}")
_CURSOR: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,20})?)_([0-9]{1,18})")


class _Asked(NamedTuple):
    """Of which time, SLO and service; an empty name is of any."""

    since: float
    until: float
    slo: str
    service: str

    def holds(self, alert: Alert) -> bool:
        """Whether an alert that is open is asked for."""
        named = self.slo in ("", alert.slo) and self.service in ("", alert.service)
        return named and alert.began < self.until

    @property
    def anybodys(self) -> bool:
        """Whether those about the collector itself are asked for, which are of no SLO."""
        return not (self.slo or self.service)


@dataclass(frozen=True, slots=True)
class AlertRoutes:
    """/api/v1/alerts, and one of them."""

    open: AlertSource
    past: EndedSource
    of_itself: Callable[[], Sequence[JSON]] = tuple
    """The open alerts about the collector itself."""

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/alerts", self.alerts, **answers_with(Alerts, ALERTS, 503))
        one = answers_with(answers.Alert, answers.ALERT, 404, 503)
        app.add_api_route("/api/v1/alerts/{alert:anything}", self.alert, **one)

    def alerts(
        self,
        request: Request,
        state: Literal["open", "ended", "all"] = "open",
        since: Annotated[Moment | None, Query(description="what was open then or later")] = None,
        until: Annotated[Moment | None, Query(description="what began before")] = None,
        slo: Annotated[str, Query(max_length=1_000)] = "",
        service: Annotated[str, Query(max_length=1_000)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST, description="of those that are over")] = 100,
        cursor: Annotated[str, Query(max_length=60, description="the `next` of the answer before")] = "",
    ) -> JSONResponse:
        """The open alerts, pages first; or those that are over, the last to end first; or both, the open ones first."""
        asked = _Asked(_seconds(since, 0.0), _seconds(until, float(LATEST)), slo, service)
        place = _place(cursor)
        found = self._open(asked) if state != "ended" and place is None else []
        if state == "open":
            return listed(request, {"alerts": found}, None)
        try:
            ended = self.past.ended(*asked, limit, place)
        except StoreError as error:
            raise not_kept(error) from error
        behind = ended[-1].place if len(ended) == limit else None
        said = [*found, *(each.as_json() for each in ended)]
        return listed(request, {"alerts": said}, None if behind is None else f"{behind.ended!r}_{behind.number}")

    def alert(self, alert: str) -> JSON:
        """One alert: an open one by its number or key, one that is over by its number."""
        known = [*self.of_itself(), *(each.as_json() for each in self.open.alerts())]
        named = [said for said in known if alert == said["key"] or (said["number"] and alert == str(said["number"]))]
        return named[0] if named else self._over(alert)

    def _over(self, alert: str) -> JSON:
        try:
            found = self.past.found(int(alert)) if _NUMBER.fullmatch(alert) else None
        except StoreError as error:
            raise not_kept(error) from error
        if found is None:
            raise HTTPException(404, f"no alert {alert!r} is open, and none of that number is kept")
        return found.as_json()

    def _open(self, asked: _Asked) -> list[JSON]:
        of_itself = self.of_itself() if asked.anybodys else ()
        return [*of_itself, *(each.as_json() for each in self.open.alerts() if asked.holds(each.alert))]


def _seconds(moment: Moment | None, unsaid: float) -> float:
    """A moment in epoch seconds. Raises HTTPException with 422 where it is none."""
    try:
        return unsaid if moment is None else seconds_of(moment)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def _place(cursor: str) -> EndedPlace | None:
    """Raises HTTPException with 422 for what no answer said."""
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise HTTPException(422, "`cursor` is the `next` of the answer before")
    return EndedPlace(float(found[1]), int(found[2]))
