"""The gate: may this version start, or go on?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Annotated, Final, Protocol

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ...answers import GATE, OVERRIDE, GateVerdict, OverrideMade
from ...collector import Unavailable
from ...collector.records.gate_overrides import MOST_IN_FORCE, GateOverride
from ...slo import EventCount, timestamp
from ...slo.gate.comparison import Comparison
from ...slo.gate.judgement import SLOJudgement
from ..contract import answers_with
from ..gating import GateAnswer
from .source import JSON
from .text import Name, Text

_QUESTION: Final = {"service": "payments", "version": "7"}
_OVERRIDE: Final = {"service": "payments", "version": "7", "author": "ana", "reason": "it mends the outage"}


class Gatekeeper(Protocol):
    """Whoever judges versions."""

    def ask(self, service: str, version: str, baseline: str, slo: str) -> GateAnswer | None:
        """Whether a version may go on; None where the service has no SLO of that name."""
        ...

    def override(self, service: str, version: str, author: str, reason: str) -> GateOverride | None:
        """Lets a version pass for a while; None where too many are. Raises `Unavailable` while nothing can be kept."""
        ...


@dataclass
class FakeGatekeeper:
    """Answers what it is given; the override it is given is the only one there is room for. `asked` is what it was asked."""

    answer: GateAnswer | None = None
    overridden: GateOverride | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def ask(self, service: str, version: str, baseline: str, slo: str) -> GateAnswer | None:
        """The answer given."""
        self.asked.append((service, version, baseline, slo))
        return self.answer

    def override(self, service: str, version: str, author: str, reason: str) -> GateOverride | None:
        """The override given."""
        self.asked.append((service, version, author, reason))
        return self.overridden


class GateQuestion(BaseModel):
    """Whose version is asked about; without one, whether one may start. An empty one is a pipeline's variable that is not set."""

    model_config = ConfigDict(extra="forbid")

    service: Name
    version: Annotated[str, Field(min_length=1, max_length=200)] = ""
    baseline: Annotated[str, Field(max_length=200)] = ""
    slo: Annotated[str, Field(max_length=1_000)] = ""


class OverrideBody(BaseModel):
    """Which version is let pass, by whom, and why."""

    model_config = ConfigDict(extra="forbid")

    service: Name
    version: Annotated[str, Field(min_length=1, max_length=200)]
    author: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class GateRoutes:
    """/api/v1/gate and below."""

    gate: Gatekeeper

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        judged = answers_with(GateVerdict, GATE, 404, body=_QUESTION)
        app.add_api_route("/api/v1/gate", self.ask, methods=["POST"], **judged)
        made = answers_with(OverrideMade, OVERRIDE, 409, 503, status=201, body=_OVERRIDE)
        app.add_api_route("/api/v1/gate/overrides", self.override, methods=["POST"], **made)

    def ask(self, body: GateQuestion) -> JSON:
        """Whether a version may go on, or one may start, with the reasons and the numbers behind them."""
        if body.baseline and body.baseline == body.version:
            raise HTTPException(422, f"a version is not held against itself: {body.version!r} is both")
        answer = self.gate.ask(body.service, body.version, body.baseline, body.slo)
        if answer is None:
            raise HTTPException(404, f"{body.service!r} has no SLO named {body.slo!r}")
        return _answer(answer)

    def override(self, body: OverrideBody) -> JSON:
        """Lets a version pass for a while, whatever is found of it."""
        try:
            made = self.gate.override(body.service, body.version, body.author, body.reason)
        except Unavailable as error:
            raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after)}) from error
        if made is None:
            raise HTTPException(
                409, f"{MOST_IN_FORCE} versions are let pass already; their overrides end by themselves"
            )
        return {**body.model_dump(), "at": timestamp(made.at), "until": timestamp(made.until)}


def _answer(answer: GateAnswer) -> JSON:
    found, override = answer.judgement, answer.override
    reasons = list(found.reasons)
    said = None
    if override is not None:
        until = timestamp(override.until)
        reasons.insert(0, f"overridden by {override.author} until {until}: {override.reason}")
        said = {"author": override.author, "reason": override.reason, "until": until}
    evidence = {"verdict": found.verdict.value, "slos": [_slo(each) for each in found.slos]}
    return {"verdict": answer.verdict.value, "reasons": reasons, "evidence": evidence, "override": said}


def _slo(one: SLOJudgement) -> JSON:
    return {
        "slo": one.slo,
        "verdict": one.verdict.value,
        "reasons": list(one.reasons),
        "budget_remaining": float(one.budget_remaining),
        "burn": _number(one.burn),
        "canary_burn": _number(one.canary_burn),
        "limit": one.limit,
        "compared": None if one.compared is None else _compared(one.compared),
        "slowness": None if one.slowness is None else asdict(one.slowness),
    }


def _compared(one: Comparison) -> JSON:
    return {
        "canary": _events(one.canary),
        "baseline": _events(one.baseline),
        "against_baseline": one.against_baseline,
        "against_objective": one.against_objective,
        "worse": one.worse,
        "breaks": one.breaks,
        "needed": one.needed,
        "missing": one.missing,
    }


def _events(count: EventCount) -> JSON:
    return {"good": count.good, "total": count.total}


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
