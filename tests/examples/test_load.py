"""Laws of the customers."""

import asyncio
import re
from itertools import islice

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.examples.fintech_edge.gateway import ROUTES
from fournines.examples.fintech_edge.load import Load, visits


@given(st.integers())
def test_the_same_seed_brings_the_same_customers(seed):
    """Visits are a function of seed and rate."""
    assert list(islice(visits(seed, 50), 200)) == list(islice(visits(seed, 50), 200))


@given(st.integers(0, 1000), st.sampled_from([5.0, 50.0, 500.0]))
def test_customers_come_at_the_rate_asked_for(seed, rps):
    """The thousandth visit comes after about 1000 / rps seconds, and none before the one before."""
    moments = [visit.at for visit in islice(visits(seed, rps), 1000)]

    assert sorted(moments) == moments
    assert 0.8 < moments[-1] * rps / 1000 < 1.2


def test_every_errand_is_one_the_gateway_runs():
    """Each visit matches a route of the gateway, and each route but the notifications' is visited."""
    routes = {(method, route): re.sub(r"\{\w+(:int)?\}", r"\\d+", route) for method, route, _peer in ROUTES}
    seen = set()
    for visit in islice(visits(1, 50), 2000):
        matches = {
            key for key, pattern in routes.items() if key[0] == visit.method and re.fullmatch(pattern, visit.path)
        }
        assert len(matches) == 1, visit
        seen |= matches

    assert {("GET", "/users/{user_id:int}/notifications")} == set(routes) - seen


def test_half_of_the_customers_notice_that_payments_are_down():
    """Between 45 and 55 of a hundred visits are for payments, so that the gateway's promise suffers too."""
    paths = [visit.path for visit in islice(visits(3, 50), 5000)]

    assert 0.45 < sum(path.startswith("/payments") for path in paths) / len(paths) < 0.55


class Ticking:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def load_of(handler, clock=None):
    """A load whose gateway is made of `handler`; its clock lets every visit be due at once."""
    return Load("http://gateway", 1, 50.0, clock or Ticking(), httpx.MockTransport(handler))


async def send_to(handler, *, sends=60):
    """Sends `sends` visits or a few more to `handler`; gives the load once it has ended."""
    enough = asyncio.Event()
    asked = 0

    async def counted(request):
        nonlocal asked
        asked += 1
        if asked == sends:
            enough.set()
        return handler(request)

    async with load_of(counted) as load:
        sending = asyncio.create_task(load.run())
        await enough.wait()
        sending.cancel()
    return load


def test_every_answer_is_counted_once():
    """What the gateway answered is what the load counted, and nobody is left waiting at the end."""
    answered = []

    def handler(_request):
        answered.append((200, 404, 429, 503)[len(answered) % 4])
        return httpx.Response(answered[-1])

    load = asyncio.run(send_to(handler))

    assert load.sent == len(answered) == load.count.statuses.total() >= 60
    assert {status: answered.count(status) for status in answered} == load.count.statuses
    assert 0 == load.unanswered


def test_no_answer_is_neither_good_nor_bad():
    """A broken connection is counted as unanswered and as nothing else."""

    def handler(request):
        raise httpx.ConnectError("gone", request=request)

    load = asyncio.run(send_to(handler))

    assert load.sent == load.unanswered >= 60
    assert 0 == load.count.statuses.total()


def test_a_slow_gateway_gets_as_many_customers():
    """The loop is open: visits are sent though not one of the earlier ones has been answered."""

    async def sent_while_waiting():
        arrived, release = asyncio.Event(), asyncio.Event()
        waiting = 0

        async def slow(_request):
            nonlocal waiting
            waiting += 1
            if waiting == 100:
                arrived.set()
            await release.wait()
            return httpx.Response(200)

        async with load_of(slow) as load:
            sending = asyncio.create_task(load.run())
            await arrived.wait()
            answered = load.count.good
            sending.cancel()
            release.set()
        return answered, load

    answered, load = asyncio.run(sent_while_waiting())

    assert 0 == answered
    assert load.sent == load.count.good >= 100


def test_the_first_failure_is_dated_by_its_sending():
    """`first_bad_at` is when the failing request left, not when its answer came: the stricter of the two."""
    clock = Ticking()

    def handler(_request):
        clock.now = 77.0
        return httpx.Response(503)

    async def one():
        async with load_of(handler, clock) as load:
            await load._visit(next(visits(1, 50)))
        return load

    assert 1.0 == asyncio.run(one()).count.first_bad_at


def test_a_failure_gives_up_what_is_still_due():
    """When the block fails, requests without an answer are given up instead of waited for."""

    async def fail():
        asked = asyncio.Event()

        async def stuck(_request):
            asked.set()
            await asyncio.Event().wait()

        async with load_of(stuck) as load:
            sending = asyncio.create_task(load.run())
            await asked.wait()
            sending.cancel()
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(fail())
