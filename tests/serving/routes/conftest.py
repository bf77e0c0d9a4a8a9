"""The application over sources that say what they are told, and how to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

import httpx
import numpy as np
import pytest

from fournines.api import create_app
from fournines.serving.routes import Alerts, Declarations, Health, Metrics, Pages, Slos, Traces
from fournines.serving.routes.fake import FakeSources
from fournines.slo import SLI, SLO, Objective, Observation, SLIKind, evaluate

NOW = 1_790_000_000.0


class Counted:
    """An event source: a thousand events for everybody, all of them bad for those who burn."""

    def __init__(self, burning: Sequence[str]) -> None:
        self._burning = burning

    def observe(self, names, windows, now):
        total = np.full((len(names), len(windows)), 1_000)
        bad = total * np.array([[name in self._burning] for name in names])
        since, heard = np.full(len(names), int(now) - 86_400 * 40), np.full(len(names), now)
        return Observation(total - bad, total, np.zeros_like(total), since, heard, np.zeros(len(names), bool))

    def history(self, name, interval, step):
        return ()


@pytest.fixture
def now() -> float:
    """The moment of every question."""
    return NOW


@pytest.fixture
def slo() -> Callable[..., SLO]:
    """Makes an availability SLO."""

    def make(name: str, service: str = "shop", **more: object) -> SLO:
        return SLO(name, SLI(SLIKind.AVAILABILITY, service), Objective(Decimal("0.9999")), **more)

    return make


@pytest.fixture
def sources(slo) -> FakeSources:
    """Three SLOs, of which the second burns."""
    slos = [slo(name) for name in ("calm", "burning", "team/a b")]
    return FakeSources(evaluate(slos, Counted(["burning"]), NOW))


@pytest.fixture
def ask(sources) -> Callable[..., httpx.Response]:
    """Asks the whole application."""

    async def write(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    subjects = (
        Health(sources),
        Slos(sources, sources, sources),
        Declarations(sources),
        Traces(sources, lambda: NOW),
        Alerts(sources),
        Metrics(sources),
        Pages(sources, sources, sources, sources, sources, lambda: NOW, "http://127.0.0.1:4318"),
    )
    transport = httpx.ASGITransport(create_app(subjects, write))

    async def answer(method, path, options):
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.request(method, path, **options)

    return lambda path, method="GET", **options: asyncio.run(answer(method, path, options))
