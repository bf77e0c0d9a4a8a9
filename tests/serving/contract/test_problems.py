"""Refusals are problem details of RFC 9457."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from fournines.serving.contract import add_problems


@pytest.fixture
def ask():
    """Asks an application that refuses in every way."""
    app = FastAPI()
    add_problems(app)

    @app.get("/full")
    def full() -> None:
        raise HTTPException(503, "the disk is full", {"Retry-After": "5"})

    @app.get("/number/{number}")
    def number(number: int) -> int:
        return 1 // number

    async def answer(path, method):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.request(method, path)

    return lambda path, method="GET": asyncio.run(answer(path, method))


@pytest.mark.parametrize(
    ("path", "method", "status", "title", "detail"),
    [
        ("/full", "GET", 503, "Service Unavailable", "the disk is full"),
        ("/full", "POST", 405, "Method Not Allowed", "Method Not Allowed"),
        ("/nowhere", "GET", 404, "Not Found", "Not Found"),
        ("/number/x", "GET", 422, "Unprocessable Entity", "path.number: Input should be a valid integer"),
        ("/number/0", "GET", 500, "Internal Server Error", "the collector failed to answer"),
    ],
)
def test_whoever_refuses_says_so_alike(ask, path, method, status, title, detail):
    """A route, the framework, and a fault of ours, of which nothing is told."""
    answer = ask(path, method)
    said = answer.json()

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert ("about:blank", status, title) == (said["type"], said["status"], said["title"])
    assert said["detail"].startswith(detail)
    assert "division" not in answer.text


def test_headers_of_a_refusal_stay(ask):
    """When to ask again, and what may be done."""
    assert "5" == ask("/full").headers["retry-after"]
    assert "GET" == ask("/full", "POST").headers["allow"]


def test_which_part_is_wrong_is_told_apart(ask):
    """For programs: where, and by which rule; never what was sent."""
    (fault,) = ask("/number/x").json()["errors"]

    assert (["path", "number"], "int_parsing") == (fault["loc"], fault["type"])
    assert "input" not in fault
