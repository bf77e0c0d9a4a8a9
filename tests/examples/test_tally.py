"""Laws of the independent count."""

import asyncio
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.examples.fintech_edge.tally import Count, Tally


def call(app, *, path="/payments", kind="http", messages=({"type": "http.request", "body": b""},)):
    """Sends one request (or lifespan) through an ASGI application and gives what it sent."""
    inbox, sent = iter(messages), []

    async def receive():
        return next(inbox, {"type": "http.disconnect"})

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": kind, "path": path}, receive, send))
    return sent


def answering(status, *, parts=1):
    """An application that answers with `status` in so many body parts."""

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        for part in range(parts):
            await send({"type": "http.response.body", "body": b"x", "more_body": part + 1 < parts})

    return app


@given(st.lists(st.sampled_from([200, 307, 404, 429, 499, 500, 503]) | st.integers(100, 599), min_size=1))
def test_every_answer_is_kept_broken_or_no_event(statuses):
    """Good + bad + other is the number of answers; 5xx are bad, 429 and 499 are no events, the rest is good."""
    count = Count()
    for moment, status in enumerate(statuses):
        count.add(status, float(moment))

    assert len(statuses) == count.good + count.bad + count.other
    assert sum(status >= 500 for status in statuses) == count.bad
    assert sum(status in (429, 499) for status in statuses) == count.other
    assert Counter(statuses) == count.statuses


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_the_first_failure_is_the_earliest(moments):
    """`first_bad_at` is the smallest moment of a failure, whatever the order of the answers."""
    count = Count()
    count.add(200, -1.0)
    for moment in moments:
        count.add(503, moment)

    assert min(moments) == count.first_bad_at


def test_a_count_survives_being_written_down():
    """`from_json` gives the count `to_json` wrote."""
    count = Count()
    for status in (200, 404, 429, 503):
        count.add(status, 7.0)

    assert count == Count.from_json(count.to_json())


@pytest.mark.parametrize("parts", [1, 3])
def test_one_request_is_one_event(tmp_path, parts):
    """A response is counted once, by its status, however many parts its body has; and passed on unchanged."""
    tally = Tally(answering(503, parts=parts), tmp_path / "tally.json", clock=lambda: 5.0)

    sent = call(tally)

    assert Count(0, 1, 0, 5.0, Counter({503: 1})) == tally.count
    assert 1 + parts == len(sent)


def test_an_exception_before_the_answer_is_a_500(tmp_path):
    """An application that raises before it answered broke its promise, and the exception goes on."""

    async def broken(_scope, _receive, _send):
        raise LookupError

    tally = Tally(broken, tmp_path / "tally.json")

    with pytest.raises(LookupError):
        call(tally)
    assert Counter({500: 1}) == tally.count.statuses


def test_a_client_that_went_away_is_no_event(tmp_path):
    """A disconnect seen before the answer's end makes the request no event."""

    async def patient(_scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            pass
        await answering(200)(_scope, receive, send)

    tally = Tally(patient, tmp_path / "tally.json")
    call(tally)

    assert (0, 0, 1) == (tally.count.good, tally.count.bad, tally.count.other)


def test_a_disconnect_after_the_answer_changes_nothing(tmp_path):
    """A client that closes once it has its answer was served."""

    async def app(scope, receive, send):
        await answering(200)(scope, receive, send)
        await receive()
        await receive()

    tally = Tally(app, tmp_path / "tally.json")
    call(tally)

    assert 1 == tally.count.good


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/docs", "/redoc", "/openapi.json"])
def test_what_is_no_event_is_not_counted(tmp_path, path):
    """Health, metrics and documentation routes are passed on and left out, even when they fail."""
    tally = Tally(answering(500), tmp_path / "tally.json")

    assert 500 == call(tally, path=path)[0]["status"]
    assert Count() == tally.count


def test_the_tally_answers_for_itself(tmp_path):
    """/tally shows the count, is not counted, and never reaches the service."""
    tally = Tally(answering(201), tmp_path / "tally.json")
    call(tally)

    start, body = call(tally, path="/tally")

    assert 200 == start["status"]
    assert tally.count == Count.from_json(body["body"])
    assert 1 == tally.count.good


def test_the_count_is_written_when_the_service_has_ended(tmp_path):
    """The file is there before the server hears that the shutdown is complete."""

    async def app(_scope, receive, send):
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    path = tmp_path / "tally.json"
    call(Tally(app, path), kind="lifespan", messages=({"type": "lifespan.shutdown"},))

    assert 0 == json.loads(path.read_text())["bad"]
