"""Laws of asking a neighbour."""

import asyncio

import httpx
import pytest
from fastapi import HTTPException

from fournines.examples.fintech_edge.calls import Calls


def neighbour(handler, question):
    """The result of `question(calls)` with one neighbour made of `handler`."""

    async def ask():
        calls = Calls({"users": "http://users"}, httpx.MockTransport(handler))
        try:
            return await question(calls)
        finally:
            await calls.close()

    return asyncio.run(ask())


def test_an_answer_is_passed_on():
    """`ask` gives the JSON; method, path and body arrive as they were meant."""

    def handler(request):
        return httpx.Response(201, json=[request.method, request.url.path, request.content.decode()])

    answer = neighbour(handler, lambda calls: calls.ask("users", "POST", "/users", {"name": "x"}))

    assert ["POST", "/users", '{"name":"x"}'] == answer


@pytest.mark.parametrize(("given", "raised"), [(404, 404), (409, 409), (429, 429), (500, 502), (503, 502)])
def test_a_failing_neighbour_is_told_from_a_wrong_question(given, raised):
    """4xx are passed on as they are; 5xx are the neighbour's fault, so 502."""

    def handler(_request):
        return httpx.Response(given, json={"detail": "no"})

    with pytest.raises(HTTPException) as failure:
        neighbour(handler, lambda calls: calls.ask("users", "GET", "/users/1"))
    assert raised == failure.value.status_code


@pytest.mark.parametrize(("error", "raised"), [(httpx.ConnectError, 502), (httpx.ReadTimeout, 504)])
def test_no_answer_is_502_or_504(error, raised):
    """Not to be reached is 502, too slow is 504."""

    def handler(request):
        raise error("x", request=request)

    with pytest.raises(HTTPException) as failure:
        neighbour(handler, lambda calls: calls.send("users", "GET", "/users/1"))
    assert raised == failure.value.status_code


def test_what_may_get_lost_never_fails_the_caller(caplog):
    """`tell` logs a failure and returns."""
    neighbour(lambda _request: httpx.Response(500), lambda calls: calls.tell("users", "/users", {}))

    assert "users was not told" in caplog.text
