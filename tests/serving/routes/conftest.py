"""The application over sources that say what they are told, and how to ask it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from fournines.alerts.silences.silences import Silences
from fournines.api import create_app
from fournines.serving import Silencing
from fournines.serving.routes import (
    AlertRoutes,
    AnsweringRoutes,
    AuditRoutes,
    CorrectionRoutes,
    DeclarationRoutes,
    DeploymentRoutes,
    FakeSources,
    FormGuard,
    GateRoutes,
    HealthRoutes,
    MetricsRoute,
    OnCallRoutes,
    PageRoutes,
    SilenceRoutes,
    SloRoutes,
    TraceRoutes,
    VerdictRoutes,
)
from fournines.serving.routes.answering import FakeAcknowledger
from fournines.serving.routes.beside import FakeSurroundings
from fournines.serving.routes.deployments import FakeDeploymentKeeper
from fournines.serving.routes.gate import FakeGatekeeper
from fournines.serving.routes.verdicts import FakeEndedJudge
from fournines.slo import EventCount, FakeEventSource, evaluate

NOW = 1_790_000_000.0


@pytest.fixture
def now() -> float:
    """The moment of every question."""
    return NOW


@pytest.fixture
def sources(slo) -> FakeSources:
    """Three SLOs, of which the second burns."""
    counts = FakeEventSource(lambda name, window: EventCount(0 if name == "burning" else 1_000, 1_000))
    return FakeSources(evaluate([slo(name) for name in ("calm", "burning", "team/a b")], counts, NOW))


@pytest.fixture
def gate() -> FakeGatekeeper:
    """A gate that knows no SLO until it is told what to answer."""
    return FakeGatekeeper()


@pytest.fixture
def keeper() -> FakeDeploymentKeeper:
    """Knows no deployment until it is told of one."""
    return FakeDeploymentKeeper()


@pytest.fixture
def around() -> FakeSurroundings:
    """Nobody knows anything beside the numbers."""
    return FakeSurroundings()


@pytest.fixture
def silences(tmp_path) -> Iterator[Silencing]:
    """None is made yet."""
    with contextlib.closing(Silences(tmp_path / "ledger.db")) as kept:
        yield Silencing(kept, lambda: NOW, lambda: None)


@pytest.fixture
def answers() -> FakeAcknowledger:
    """Nothing is open."""
    return FakeAcknowledger()


@pytest.fixture
def judge() -> FakeEndedJudge:
    """Nothing is over."""
    return FakeEndedJudge()


@pytest.fixture
def ask(sources, gate, keeper, silences, around, answers, judge) -> Callable[..., httpx.Response]:
    """Asks the whole application."""

    async def write(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    answering, silencing = (
        AnsweringRoutes(answers, answers, answers, lambda: NOW),
        SilenceRoutes(sources, silences, silences, lambda: NOW),
    )
    subjects = (
        HealthRoutes(sources),
        SloRoutes(sources, sources, sources),
        DeclarationRoutes(sources),
        CorrectionRoutes(sources, sources),
        AuditRoutes(sources),
        GateRoutes(gate),
        DeploymentRoutes(keeper, lambda: NOW),
        TraceRoutes(sources, lambda: NOW),
        AlertRoutes(sources, sources),
        VerdictRoutes(answers, judge, lambda: NOW),
        silencing,
        MetricsRoute(sources),
        PageRoutes(
            sources, sources, sources, sources, sources, silences, around, sources, lambda: NOW, "http://127.0.0.1:4318"
        ),
        answering,
        OnCallRoutes(
            sources,
            answering,
            silencing,
            CorrectionRoutes(sources, sources),
            GateRoutes(gate),
            silences,
            FormGuard("slo.example"),
            lambda: NOW,
        ),
    )
    transport = httpx.ASGITransport(create_app(subjects, write))

    async def answer(method, path, options):
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.request(method, path, **options)

    return lambda path, method="GET", **options: asyncio.run(answer(method, path, options))
