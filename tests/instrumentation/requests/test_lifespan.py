"""The server's word that it starts and stops, where an application knows lifespans and where it does not."""

from __future__ import annotations

import asyncio

import pytest

from fournines.instrumentation.requests.lifespan import watched


def lifespan(app, *messages):
    """Runs a lifespan; what was sent, and what was noted."""
    sent, noted, left = [], [], list(messages)

    async def receive():
        return {"type": left.pop(0)}

    async def send(message):
        sent.append(message["type"])

    async def story():
        await watched(
            app, {"type": "lifespan"}, receive, send, lambda: noted.append("started"), lambda: noted.append("ended")
        )

    asyncio.run(story())
    return sent, noted


BOTH = ("lifespan.startup", "lifespan.shutdown")


def test_an_application_without_lifespan_gets_one():
    """Where an application does not know lifespans, start and end are heard all the same."""

    async def app(scope, receive, send):
        assert scope["type"] == "http"

    sent, noted = lifespan(app, *BOTH)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert noted == ["started", "ended"]


def test_an_application_that_returns_from_its_lifespan_gets_one():
    """So does one that returns at once, as hand-written applications do."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return

    sent, noted = lifespan(app, *BOTH)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert noted == ["started", "ended"]


def test_an_application_s_failing_start_stays_its_own():
    """What an application's own lifespan raises is passed on."""

    async def app(scope, receive, send):
        await receive()
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database"):
        lifespan(app, *BOTH)
