"""Silences: alerts that nobody is told of for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from ... import answers
from ...alerts.errors import InvalidMatchers, InvalidSilence, StoreError, UnknownSilence
from ...alerts.matching import MOST_MATCHERS, Matchers, fits
from ...alerts.names import LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO
from ...alerts.silences.silence import Silence
from ...alerts.silences.silences import MOST_IN_FORCE
from ...collector.registry.catalogue import Catalogue
from ..contract import Cursor, Limit, answers_with, listed, page_of
from .moment import Lasting, Moment, seconds_of
from .not_now import not_kept
from .source import JSON, CatalogueSource, SilenceSource
from .text import Name, Remark, Text

_BODY: Final = {
    "service": "payments",
    "severity": "ticket",
    "duration": "2h",
    "author": "ana",
    "reason": "new database",
}


class SilenceKeeper(Protocol):
    """Whoever keeps silences. Raises `StoreError` while none can be kept."""

    def add(self, silence: Silence) -> Silence | None:
        """Makes a silence; None where there is no room, `InvalidSilence` where it can't be made now."""
        ...

    def end(self, number: int, author: str, reason: str) -> Silence | None:
        """Ends a silence; None where it is over already, `UnknownSilence` where there is none of that number."""
        ...


class SilenceBody(Lasting):
    """Whose alerts are silenced: of an SLO, of a service, or with labels that match; `*` stands for anything."""

    slo: Name | None = None
    service: Name | None = None
    severity: Literal["page", "ticket"] | None = None
    matchers: dict[Text, Remark] = Field(default={}, max_length=MOST_MATCHERS)
    start: Moment | None = None
    author: Text
    reason: Text

    @model_validator(mode="after")
    def _says_each_once(self) -> SilenceBody:
        twice = [label for label in self._named() if label in self.matchers]
        if twice:
            raise ValueError(f"says `{twice[0]}` twice, by itself and among `matchers`")
        return self

    def silence(self, now: float) -> Silence:
        """The same as a silence. Raises `InvalidSilence`, `InvalidMatchers` or ValueError."""
        start = now if self.start is None else seconds_of(self.start)
        return Silence(Matchers.of(self.patterns), start, self.end(start), self.author, self.reason)

    @property
    def patterns(self) -> dict[str, str]:
        """What labels have to be like, by their names."""
        return {**self.matchers, **self._named()}

    def _named(self) -> dict[str, str]:
        said = {LABEL_SLO: self.slo, LABEL_SERVICE: self.service, LABEL_SEVERITY: self.severity}
        return {label: pattern for label, pattern in said.items() if pattern is not None}


@dataclass(frozen=True, slots=True)
class SilenceRoutes:
    """/api/v1/silences and below. `now` gives epoch seconds."""

    collector: CatalogueSource
    source: SilenceSource
    keeper: SilenceKeeper
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        path = "/api/v1/silences"
        app.add_api_route(path, self.silences, **answers_with(answers.Silences, answers.SILENCES, 503))
        made = answers_with(answers.SilenceSaid, answers.SILENCE, 404, 409, 503, status=201, body=_BODY)
        app.add_api_route(path, self.silence, methods=["POST"], **made)
        ended = answers_with(answers.SilenceSaid, answers.SILENCE, 404, 409, 503)
        app.add_api_route(f"{path}/{{number}}", self.end, methods=["DELETE"], **ended)

    def silences(
        self,
        request: Request,
        past: Annotated[int, Query(ge=0, le=1_000, description="how many of those that are over")] = 0,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> JSONResponse:
        """Those in force and to come, the oldest first; then the newest of those that are over."""
        now = self.now()
        try:
            known = [each.as_json(now) for each in self.source.known(past)]
        except StoreError as error:
            raise not_kept(error) from error
        page, following = page_of(known, _place, limit, cursor)
        return listed(request, {"silences": page}, following)

    def silence(self, body: SilenceBody) -> JSON:
        """Has nobody told of alerts that match. It is in force once this is answered."""
        _check_known(body, self.collector.catalogue)
        now = self.now()
        try:
            made = self.keeper.add(body.silence(now))
        except (InvalidSilence, InvalidMatchers, ValueError) as error:
            raise HTTPException(422, str(error)) from error
        except StoreError as error:
            raise not_kept(error) from error
        if made is None:
            raise HTTPException(409, f"{MOST_IN_FORCE} silences are in force already; end what is none any more")
        return made.as_json(now)

    def end(
        self,
        number: Annotated[int, Path(ge=1, le=2**63 - 1)],
        author: Annotated[Text, Query()],
        reason: Annotated[Text, Query()],
    ) -> JSON:
        """Ends a silence: who waited is told once this is answered. It stays known."""
        try:
            ended = self.keeper.end(number, author, reason)
        except UnknownSilence as error:
            raise HTTPException(404, str(error)) from error
        except StoreError as error:
            raise not_kept(error) from error
        if ended is None:
            raise HTTPException(409, f"silence {number} is over already")
        return ended.as_json(self.now())


def _place(silence: JSON) -> tuple[int, int]:
    """Those that are over come last, the newest of them first."""
    return (1, -silence["id"]) if silence["state"] == "over" else (0, silence["id"])


def _check_known(body: SilenceBody, catalogue: Catalogue) -> None:
    """A silence of a name that is mistyped would not hold anything, and nobody would notice before the page."""
    slo, service = (
        body.patterns.get(LABEL_SLO),
        body.service,
    )  # among matchers a service may be one that is probed alone
    if slo and not any(fits(slo, each.name) for each in catalogue.slos):
        raise HTTPException(404, f"there is no SLO named {slo!r}")
    names = {name for each in catalogue.slos for name in (each.service, each.sli.service)}
    if service and not any(fits(service, name) for name in names):
        raise HTTPException(404, f"there is no SLO of a service named {service!r}")
