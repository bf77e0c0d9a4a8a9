"""An instrumentation that raises harms no call, before it, after it, or while it fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import types

import pytest
from fastapi import FastAPI

from fournines.instrumentation.outgoing.guards import GUARDED, Guard, guarded
from fournines.instrumentation.outgoing.libraries import Library

PLANTED = Library("shop", "planted_shop")
ERRORS = ("fournines_instrumentation_errors", "client")


@pytest.fixture
def shop(monkeypatch):
    """A module with a class whose calls can be followed."""

    class Shop:
        def __init__(self):
            self.calls = 0

        def buy(self, what):
            self.calls += 1
            if what == "nothing":
                raise LookupError(what)
            return f"a {what}"

        async def order(self, what):
            return self.buy(what)

    module = types.ModuleType("planted_shop")
    module.Shop = Shop
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(GUARDED, PLANTED.name, ("planted_shop:Shop.buy", "planted_shop:Shop.order"))
    return Shop


@contextlib.contextmanager
def faulty(fault):
    """What an instrumentation does around a call, with a fault in it."""
    if fault == "before":
        raise IndexError
    try:
        yield
    except LookupError:
        if fault == "while":
            raise KeyError from None
        raise
    if fault == "after":
        raise ValueError


def follow(shop, fault):
    """Follows it as an instrumentation with a fault in it would."""
    with guarded(PLANTED):
        buy, order = shop.buy, shop.order

        def followed(self, *args, **kwargs):
            with faulty(fault):
                return buy(self, *args, **kwargs)

        async def followed_async(self, *args, **kwargs):
            with faulty(fault):
                return await order(self, *args, **kwargs)

        shop.buy, shop.order = followed, followed_async


def bought(shop, what, way):
    one = shop()
    answer = one.buy(what) if way == "plain" else asyncio.run(one.order(what))
    return answer, one.calls


@pytest.mark.parametrize("way", ["plain", "async"])
@pytest.mark.parametrize(("fault", "counted"), [("none", 0), ("before", 1), ("while", 0), ("after", 1)])
def test_a_call_is_made_once_and_answered(watch, shop, way, fault, counted):
    """Wherever the fault is, the library is called once, its answer is handed on, and the fault is counted."""
    telemetry = watch(FastAPI())
    follow(shop, fault)

    assert bought(shop, "pie", way)[0] == "a pie"
    assert telemetry._health.count(*ERRORS) >= counted
    assert (telemetry._health.count(*ERRORS) == 0) == (counted == 0)
    assert bought(shop, "pie", "plain") == ("a pie", 1)


@pytest.mark.parametrize("way", ["plain", "async"])
@pytest.mark.parametrize("fault", ["none", "before", "while", "after"])
def test_a_call_that_fails_fails_as_the_library_says(watch, shop, way, fault):
    """The library's own exception comes out, not what an instrumentation made of it."""
    watch(FastAPI())
    follow(shop, fault)

    with pytest.raises(LookupError, match="nothing"):
        bought(shop, "nothing", way)


def test_what_was_not_followed_in_the_end_is_as_it_was(shop):
    """An instrumentation that failed leaves the library's own functions."""
    buy = shop.buy

    with pytest.raises(RuntimeError), guarded(PLANTED):
        raise RuntimeError

    assert shop.buy is buy


@pytest.mark.parametrize("place", [place for places in GUARDED.values() for place in places])
def test_every_guarded_method_is_there(place):
    """A name that a library has given up would leave its calls unguarded."""
    assert callable(Guard(place)._original)


def test_a_server_that_says_its_length_twice_harms_no_call(watch):
    """`Content-Length: 2, 2` is read by urllib3 and the standard library; their instrumentations can't read it."""
    import urllib.request

    import urllib3

    watch(FastAPI())
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def serve():
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nConnection: close\r\n\r\nok")
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        with urllib3.PoolManager(retries=False) as pool:
            assert pool.request("GET", url).data == b"ok"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as answer:
            assert answer.read() == b"ok"
        thread.join()


def test_a_statement_given_by_name_harms_no_call(watch, postgres_url):
    """`fetchval(query=...)` is asyncpg's to understand."""
    import asyncpg

    async def ask():
        connection = await asyncpg.connect(postgres_url)
        try:
            return await connection.fetchval(query="SELECT 7")
        finally:
            await connection.close()

    watch(FastAPI())

    assert asyncio.run(ask()) == 7
