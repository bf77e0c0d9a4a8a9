"""Corrections: time that is taken out as if it never was, by files and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from ... import answers
from ...collector import Unavailable
from ...collector.records.corrections import MOST_IN_FORCE, KeptCorrection
from ...collector.registry.catalogue import Catalogue
from ...slo import SLO, Correction, InvalidValue, timestamp
from ...slo.openslo.corrections import CorrectionEntry, Time
from ..contract import Cursor, Limit, answers_with, listed, page_of
from .interval import LATEST
from .source import JSON, CatalogueSource, CorrectionKeeper
from .text import Name, Text


def _as_text(value: Any) -> Any:
    """Epoch seconds as files write a time; anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LATEST:
        return f"{datetime.fromtimestamp(int(value), UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value


_BODY: Final = {
    "service": "payments",
    "start": "2026-11-21T02:00:00Z",
    "duration": "1h",
    "author": "ana",
    "reason": "patches",
}

Moment = Annotated[Time, BeforeValidator(_as_text)]


class CorrectionBody(CorrectionEntry):
    """A correction as files have it, and whom it concerns: an SLO, or all of a service."""

    model_config = ConfigDict(defer_build=False)  # FastAPI makes something else of one that is not built yet

    slo: Name | None = None
    service: Name | None = None
    start: Moment
    end: Moment | None = None
    rrule: Annotated[str, Field(alias="rule", max_length=500)] = ""
    author: Text
    reason: Text

    @model_validator(mode="after")
    def _concerns_one(self) -> CorrectionBody:
        if (self.slo is None) == (self.service is None):
            raise ValueError("needs one of `slo` and `service`, not both")
        return self


@dataclass(frozen=True, slots=True)
class CorrectionRoutes:
    """/api/v1/corrections and below."""

    collector: CatalogueSource
    keeper: CorrectionKeeper

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        path = "/api/v1/corrections"
        app.add_api_route(path, self.corrections, **answers_with(answers.Corrections, answers.CORRECTIONS, 404))
        made = answers_with(answers.CorrectionSaid, answers.CORRECTION, 404, 409, 503, status=201, body=_BODY)
        app.add_api_route(path, self.correct, methods=["POST"], **made)
        ended = answers_with(answers.CorrectionSaid, answers.CORRECTION, 404, 409, 503)
        app.add_api_route(f"{path}/{{number}}", self.end, methods=["DELETE"], **ended)

    def corrections(
        self, request: Request, slo: str | None = None, limit: Limit = None, cursor: Cursor = None
    ) -> JSONResponse:
        """All there are, or those of one SLO: what files say, and what was said by hand, also what was taken back."""
        catalogue = self.collector.catalogue
        slos = [each for each in catalogue.slos if slo in (None, each.name)]
        if slo is not None and not slos:
            raise _no_slo(slo)
        kept = [each for each in catalogue.corrections if slo is None or each.concerns(slos[0])]
        known = enumerate([*_of_files(slos, catalogue), *map(_as_json, kept)])
        page, following = page_of(known, _place, limit, cursor)
        return listed(request, {"corrections": [said for _, said in page]}, following)

    def correct(self, body: CorrectionBody) -> JSON:
        """Takes time out of an SLO, or of all SLOs of a service, also of those yet to come. It is out once this is answered."""
        slos = self.collector.catalogue.slos
        if body.slo is not None and not any(body.slo in (each.name, each.group_of) for each in slos):
            raise _no_slo(body.slo)
        if body.service is not None and not any(each.service == body.service for each in slos):
            raise HTTPException(404, f"there is no SLO of a service named {body.service!r}")
        try:
            made = self.keeper.add(body.slo or "", body.service or "", body.correction)
        except InvalidValue as error:
            raise HTTPException(422, str(error)) from error
        except Unavailable as error:
            raise _not_now(error) from error
        if made is None:
            raise HTTPException(
                409, f"{MOST_IN_FORCE} corrections are in force already; take back what is none any more"
            )
        return _as_json(made)

    def end(
        self,
        number: Annotated[int, Path(ge=1, le=2**63 - 1)],
        author: Annotated[Text, Query()],
        reason: Annotated[Text, Query()],
    ) -> JSON:
        """Takes a correction back: its time counts again once this is answered. It stays known."""
        known = next((each for each in self.collector.catalogue.corrections if each.id == number), None)
        if known is None:
            raise HTTPException(404, f"there is no correction {number}; those of files end in the file")
        try:
            ended = self.keeper.end(number, author, reason)
        except Unavailable as error:
            raise _not_now(error) from error
        if ended is None:
            raise HTTPException(409, f"correction {number} was taken back already")
        return _as_json(ended)


def _place(one: tuple[int, JSON]) -> tuple[int, int]:
    """Those of files stand first, in their order; those said by hand behind them by their number."""
    at, said = one
    return (0, at) if said["id"] is None else (1, said["id"])


def _no_slo(name: str) -> HTTPException:
    return HTTPException(404, f"there is no SLO named {name!r}")


def _not_now(error: Unavailable) -> HTTPException:
    return HTTPException(503, str(error), {"Retry-After": str(error.retry_after)})


def _of_files(slos: list[SLO], catalogue: Catalogue) -> Iterator[JSON]:
    """What files say of SLOs: what stands before that which was said by hand."""
    in_force = [each for each in catalogue.corrections if each.ending is None]
    for slo in slos:
        by_hand = sum(each.concerns(slo) for each in in_force)
        for one in slo.corrections[: len(slo.corrections) - by_hand]:
            yield {"id": None, "from": "file", "slo": slo.name, "service": None, **_said_of(one), **_ENDLESS}


_ENDLESS: Final[JSON] = dict.fromkeys(("made", "ended", "ended_by", "ended_reason"))


def _as_json(kept: KeptCorrection) -> JSON:
    ending = kept.ending
    ended = (
        {}
        if ending is None
        else {"ended": timestamp(ending.at), "ended_by": ending.author, "ended_reason": ending.reason}
    )
    said = {"id": kept.id, "from": "api", "slo": kept.slo or None, "service": kept.service or None}
    return {**said, **_said_of(kept.correction), **_ENDLESS, "made": timestamp(kept.made), **ended}


def _said_of(one: Correction) -> JSON:
    return {
        "start": timestamp(one.start),
        "end": timestamp(one.start + one.seconds),
        "rule": one.rule,
        "zone": one.zone,
        "author": one.author,
        "reason": one.reason,
    }
