"""Answers that need not be sent again."""

import asyncio

import httpx
import pytest

from fournines.serving.contract import Tagged
from fournines.serving.contract.etags import matches

TAG = '"abc"'


@pytest.mark.parametrize(
    ("seen", "same"),
    [
        (TAG, True),
        (f"W/{TAG}", True),
        (f'"x", {TAG} , "y"', True),
        ("*", True),
        ("", False),
        ("abc", False),
        ('"abcd"', False),
        ('"x,abc"', False),
    ],
)
def test_a_tag_is_compared_as_http_compares_it(seen, same):
    """Weakly, among several, whole."""
    assert same is matches(seen, TAG)


def answered(pieces, kind="application/json", status=200, path="/api/v1/x", method="GET", **headers):
    """What comes through of an application that sends these pieces."""

    async def app(scope, receive, send):
        start = [(b"content-type", kind.encode()), (b"link", b'<?a>; rel="next"')]
        await send({"type": "http.response.start", "status": status, "headers": start})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Tagged(app)), base_url="http://pages") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


def test_the_same_answer_is_not_sent_again():
    """However it comes in pieces; the link to what follows stays."""
    first = answered([b"{", b"}"])
    again = answered([b"{}"], **{"If-None-Match": first.headers["etag"]})

    assert (200, b"{}") == (first.status_code, first.content)
    assert (304, b"") == (again.status_code, again.content)
    assert first.headers["etag"] == again.headers["etag"]
    assert "no-cache" == again.headers["cache-control"]
    assert "next" in again.links
    assert 200 == answered([b"[]"], **{"If-None-Match": first.headers["etag"]}).status_code


@pytest.mark.parametrize(
    "other", [{"kind": "text/event-stream"}, {"status": 404}, {"path": "/slo/x"}, {"method": "POST"}]
)
def test_what_is_no_answer_to_keep_passes_as_it_is(other):
    """Events, refusals, pages and what was changed."""
    answer = answered([b"a", b"b"], **other)

    assert b"ab" == answer.content
    assert "etag" not in answer.headers
