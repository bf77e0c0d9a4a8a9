"""Deployments: what went out when, and what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Literal, Protocol

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from ...answers import DEPLOYMENT, DEPLOYMENTS, Deployments, DeploymentSaid
from ...collector import Unavailable
from ...collector.records.deployments import KEPT, Deployment
from ...slo import DAY, Interval, timestamp
from ..contract import Cursor, Limit, answers_with, listed, page_of
from ..release import Release, figures
from .interval import LATEST
from .moment import Moment, seconds_of
from .source import JSON
from .text import Name

FUTURE: Final = 300
"""Seconds that a pipeline's clock may be ahead, as senders' may."""

PERIOD: Final = 30 * DAY
"""Seconds that are told of unless it is said which."""

_From = Annotated[
    int | None,
    Query(alias="from", ge=0, le=LATEST, description="epoch seconds; `last` seconds before `to` unless given"),
]
_To = Annotated[
    int | None, Query(alias="to", ge=0, le=LATEST, description="epoch seconds, not included; now unless given")
]
_Last = Annotated[int, Query(ge=1, le=KEPT, description="seconds until `to`")]

_BODY: Final = {"service": "payments", "version": "7", "status": "finished", "author": "ana", "commit": "f7ba625"}

Status = Literal["started", "finished", "rolled_back"]


class DeploymentBody(BaseModel):
    """What is said of a deployment: that it got into a state, at a time, which is now unless given; or its start and its end at once."""

    model_config = ConfigDict(extra="forbid")

    service: Name
    version: Annotated[str, Field(min_length=1, max_length=200)]
    status: Status | None = None
    at: Moment | None = None
    start: Moment | None = None
    end: Moment | None = None
    author: Annotated[str, Field(max_length=500)] = ""
    commit: Annotated[str, Field(max_length=200)] = ""

    def deployment(self, now: float) -> Deployment:
        """The same as a deployment. Raises ValueError for what contradicts itself, or is of no time that is kept."""
        if (self.status is None) == (self.start is None and self.end is None):
            raise ValueError("say `status`, with `at` or as of now, or say `start` and `end`; not both")
        if self.status is None and self.at is not None:
            raise ValueError("`at` is the time of a `status`; without one say `start` and `end`")
        known = Deployment(self.service, self.version, author=self.author, commit=self.commit)
        said = replace(known, **self._times(now))
        if not said.is_in_order:
            raise ValueError("it ended before it started")
        for each in said.times:
            if each > now + FUTURE:
                raise ValueError(f"{timestamp(each)} is in the future")
            if each < now - KEPT:
                raise ValueError(f"{timestamp(each)} is longer ago than the {KEPT // DAY} days that are kept")
        return said

    def _times(self, now: float) -> dict[str, Any]:
        if self.status is not None:
            return {self.status: now if self.at is None else seconds_of(self.at)}
        said = {"started": self.start, "finished": self.end}
        return {name: None if moment is None else seconds_of(moment) for name, moment in said.items()}


class DeploymentKeeper(Protocol):
    """Whoever keeps deployments."""

    def say(self, said: Deployment) -> Deployment | str:
        """Keeps what is said; or says why not. Raises `Unavailable` while nothing can be kept."""
        ...

    def releases(self, service: str, within: Interval) -> list[Release]:
        """Those that began within an interval, of a service or of all, the oldest first."""
        ...


@dataclass
class FakeDeploymentKeeper:
    """Knows the releases it is given, and keeps what it is told in `said`, unless it is to `refuse` it."""

    known: list[Release] = field(default_factory=list)
    refuse: str = ""
    said: list[Deployment] = field(default_factory=list)

    def say(self, said: Deployment) -> Deployment | str:
        """Keeps it, or refuses."""
        self.said.append(said)
        return self.refuse or said

    def releases(self, service: str, within: Interval) -> list[Release]:
        """The releases given, of that service and time."""
        return [
            each
            for each in self.known
            if service in ("", each.deployment.service) and within.start <= each.deployment.began < within.end
        ]


@dataclass(frozen=True, slots=True)
class DeploymentRoutes:
    """/api/v1/deployments. `now` gives epoch seconds."""

    keeper: DeploymentKeeper
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        path = "/api/v1/deployments"
        app.add_api_route(path, self.deployments, **answers_with(Deployments, DEPLOYMENTS))
        said = answers_with(DeploymentSaid, DEPLOYMENT, 409, 503, body=_BODY)
        app.add_api_route(path, self.say, methods=["POST"], **said)

    def deployments(
        self,
        request: Request,
        service: str = "",
        start: _From = None,
        end: _To = None,
        last: _Last = PERIOD,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> JSONResponse:
        """What went out, the newest first, and the figures of it; of the last 30 days unless it is said which."""
        until = int(self.now()) + 1 if end is None else end
        within = Interval(until - last if start is None else start, until)
        if within.end <= within.start:
            raise HTTPException(422, "`from` is not before `to`")
        found = self.keeper.releases(service, within)
        page, following = page_of(found, _place, limit, cursor)
        said = {
            "from": within.start,
            "to": within.end,
            "figures": figures(found, within.seconds),
            "deployments": [each.as_json() for each in page],
        }
        return listed(request, said, following)

    def say(self, body: DeploymentBody) -> JSON:
        """Keeps what is said of a deployment, and answers all that is known of it. Said twice it is kept once."""
        try:
            said = body.deployment(self.now())
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        try:
            kept = self.keeper.say(said)
        except Unavailable as error:
            raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after)}) from error
        if isinstance(kept, str):
            raise HTTPException(409, kept)
        return Release(kept).as_json()


def _place(one: Release) -> tuple[float, int]:
    """The newest first."""
    return -one.deployment.began, -one.deployment.id
