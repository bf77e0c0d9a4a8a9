"""Whether an alert was worth being told, once it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Protocol

from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel, ConfigDict

from ...alerts import AlertVerdict, EndedAlert, StoreError, UnknownAlert
from ...answers import ALERT, Alert
from ..contract import answers_with
from .not_now import not_kept
from .source import JSON, AlertSource
from .text import Remark, Text

_MOST: Final = 2**63 - 1
_BODY: Final = {"useful": True, "author": "ana", "note": "version 7 did fail"}


class EndedJudge(Protocol):
    """Whoever keeps what people say of alerts that are over."""

    def judge_ended(self, number: int, verdict: AlertVerdict) -> EndedAlert:
        """Keeps it; `UnknownAlert` where no incident of that number is over, `StoreError` while nothing can be kept."""
        ...


@dataclass
class FakeEndedJudge:
    """Has the ended alerts that it is given, by number. `full` is why nothing can be kept."""

    known: dict[int, EndedAlert] = field(default_factory=dict)
    full: str = ""

    def judge_ended(self, number: int, verdict: AlertVerdict) -> EndedAlert:
        """One that is known is judged."""
        if number not in self.known:
            raise UnknownAlert(f"no alert of number {number} is over")
        if self.full:
            raise StoreError(self.full)
        self.known[number] = replace(self.known[number], verdict=verdict)
        return self.known[number]


class VerdictBody(BaseModel):
    """Who says whether an alert was useful, and why."""

    model_config = ConfigDict(extra="forbid")

    useful: bool
    author: Text
    note: Remark = ""


@dataclass(frozen=True, slots=True)
class VerdictRoutes:
    """/api/v1/alerts/{number}/verdict. `now` gives epoch seconds."""

    open: AlertSource
    judge: EndedJudge
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        judged = answers_with(Alert, ALERT, 404, 409, 503, body=_BODY)
        app.add_api_route("/api/v1/alerts/{number:int}/verdict", self.say, methods=["POST"], **judged)

    def say(self, number: Annotated[int, Path(le=_MOST)], body: VerdictBody) -> JSON:
        """Says whether an alert that is over was useful; the last word counts."""
        try:
            verdict = AlertVerdict(body.useful, body.author, self.now(), body.note)
            return self.judge.judge_ended(number, verdict).as_json()
        except UnknownAlert as error:
            raise self._not_over(number) from error
        except StoreError as error:
            raise not_kept(error) from error

    def _not_over(self, number: int) -> HTTPException:
        if self.open.alerts().find(str(number)) is not None:
            return HTTPException(409, f"alert {number} is open still: say whether it was useful once it is over")
        return HTTPException(404, f"no alert of number {number} is kept; GET /api/v1/alerts?state=ended says which are")
