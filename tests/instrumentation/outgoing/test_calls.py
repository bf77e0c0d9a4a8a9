"""What a call becomes, library by library, beside what the conventions say and their instrumentations do alone."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request

import pytest

from fournines.instrumentation.outgoing import following
from fournines.instrumentation.outgoing.libraries import LIBRARIES


def get_requests(url):
    import requests

    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10).status_code


def get_urllib3(url):
    import urllib3

    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", url).status


def get_urllib(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        e.close()
        return e.code


def get_httpx(url):
    import httpx

    return httpx.get(url, trust_env=False).status_code


def get_aiohttp(url):
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status

    return asyncio.run(get())


GETTERS = {
    "requests": get_requests, "urllib3": get_urllib3, "urllib": get_urllib, "httpx": get_httpx, "aiohttp-client": get_aiohttp,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """Calls go where they are sent."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.parametrize("library", GETTERS)
def test_an_http_call_is_one_client_span_below_its_request_whose_server_is_told_of_it(told, web, library):
    """Name, kind, parent and the attributes the conventions require; and the header names that very span."""
    seen = told(lambda: GETTERS[library](f"{web.url}/a?b=c"))

    call = seen.call
    assert (call.name, call.kind, call.parent, call.trace_id) == (
        "GET",
        "CLIENT",
        seen.root.span_id,
        seen.root.trace_id,
    )
    assert call.attributes["http.request.method"] == "GET"
    assert call.attributes["url.full"] == f"{web.url}/a?b=c"
    assert call.attributes["http.response.status_code"] == 200
    assert not {"http.method", "http.url", "http.status_code"} & set(call.attributes)
    assert web.headers[-1]["traceparent"].split("-")[1:3] == [call.trace_id, call.span_id]


@pytest.mark.parametrize("library", GETTERS)
def test_an_http_call_that_is_answered_with_an_error_says_so(told, web, library):
    """An answer of 503 is an error of the call: `error.type` is the status."""
    call = told(lambda: GETTERS[library](f"{web.url}/broken")).call

    assert call.failed
    # The standard library raises where others answer: there its instrumentation says the exception's class.
    assert call.attributes["error.type"] == ("HTTPError" if library == "urllib" else "503")


@pytest.mark.parametrize("library", GETTERS)
def test_an_http_call_that_is_not_answered_says_what_it_failed_with(told, free_port, library):
    """Nobody listens: an error, of the exception's class."""
    call = told(lambda: GETTERS[library](f"http://127.0.0.1:{free_port()}/"), raises=Exception).call

    assert call.failed
    assert call.attributes["error.type"].rpartition(".")[2] in {
        "ConnectionError", "NewConnectionError", "URLError", "ConnectError", "ClientConnectorError",
    }  # fmt: skip


def test_a_redis_command_is_told_without_its_values(told, redis_port):
    """The command and the server; keys and values stay out."""
    import redis

    def work():
        with redis.Redis("127.0.0.1", redis_port, socket_timeout=10) as client:
            client.set("card", "4111111111111111")

    seen = told(work, clients={"redis"})

    spans = {span.name: span for span in seen.calls}
    call = spans["SET"]
    assert (call.kind, call.parent) == ("CLIENT", seen.root.span_id)
    assert call.attributes["db.system.name"] == "redis"
    assert call.attributes["db.query.text"] == "SET ? ?"
    assert (call.attributes["server.address"], call.attributes["server.port"]) == ("127.0.0.1", redis_port)


def test_a_redis_command_that_is_refused_says_what_it_failed_with(told, redis_port):
    """An error of the server is an error of the call."""
    import redis

    def work():
        with redis.Redis("127.0.0.1", redis_port, socket_timeout=10) as client:
            client.execute_command("NOSUCH")

    call = told(work, raises=redis.ResponseError, clients={"redis"}).calls[-1]

    assert call.failed
    assert call.attributes["error.type"] == "redis.exceptions.ResponseError"


async def use_asyncpg(url, statement):
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def use_psycopg(url, statement):
    import psycopg

    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def use_psycopg2(url, statement):
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def use_sqlalchemy(url, statement):
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect() as connection:
            return connection.execute(sqlalchemy.text(statement)).all()
    finally:
        engine.dispose()


def use_sqlalchemy_asyncpg(url, statement):
    import sqlalchemy
    from sqlalchemy.ext.asyncio import create_async_engine

    async def use():
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        try:
            async with engine.connect() as connection:
                return (await connection.execute(sqlalchemy.text(statement))).all()
        finally:
            await engine.dispose()

    return asyncio.run(use())


DATABASES = {
    "asyncpg": lambda url, statement: asyncio.run(use_asyncpg(url, statement)), "psycopg": use_psycopg, "psycopg2": use_psycopg2,
    "sqlalchemy": use_sqlalchemy, "sqlalchemy, asyncpg": use_sqlalchemy_asyncpg,
}  # fmt: skip


@pytest.mark.parametrize("library", DATABASES)
def test_a_statement_is_one_client_span_with_its_text_but_not_its_literals(told, postgres_url, library):
    """Whoever asks, and through whatever layers: one span, the operation its name, the conventions' attributes, no values."""
    statement = "SELECT id FROM payments WHERE card = '4111' AND id > 12"

    seen = told(lambda: DATABASES[library](postgres_url, statement))

    (call,) = (span for span in seen.calls if "payments" in span.attributes.get("db.query.text", ""))
    assert (call.kind, call.parent, call.name.split()[0]) == ("CLIENT", seen.root.span_id, "SELECT")
    assert call.attributes["db.query.text"] == "SELECT id FROM payments WHERE card = ? AND id > ?"
    assert call.attributes["db.system.name"] == "postgresql"
    assert call.attributes["db.namespace"] == "postgres"
    assert not call.failed


@pytest.mark.parametrize("library", DATABASES)
def test_a_statement_that_fails_says_what_it_failed_with(told, postgres_url, library):
    """The driver's exception is the error's type."""
    seen = told(lambda: DATABASES[library](postgres_url, "SELECT id FROM nowhere"), raises=Exception)

    (call,) = (span for span in seen.calls if "nowhere" in span.attributes.get("db.query.text", ""))
    assert call.failed
    assert call.attributes["error.type"].rpartition(".")[2] in {
        "UndefinedTable",
        "UndefinedTableError",
        "ProgrammingError",
    }


def test_an_engine_that_was_made_before_is_followed(told, postgres_url):
    """Most services make their engine in a module that is imported before `instrument()` is called: it is traced, once."""
    import sqlalchemy

    make = getattr(sqlalchemy.create_engine, "__wrapped__", sqlalchemy.create_engine)
    engine = make(postgres_url.replace("postgresql:", "postgresql+psycopg:"))

    def work():
        for options in ({}, {"isolation_level": "AUTOCOMMIT"}):
            with engine.execution_options(**options).connect() as connection:
                connection.execute(sqlalchemy.text("SELECT count(*) FROM payments"))
        engine.dispose()

    seen = told(work)

    assert sum("count(*)" in span.attributes.get("db.query.text", "") for span in seen.calls) == 2


def test_a_statement_that_is_but_a_comment_reaches_the_database(told, postgres_url):
    """What an instrumentation can't name is executed all the same."""
    seen = told(lambda: use_psycopg_plainly(postgres_url, "/* ping */"))

    assert not seen.root.failed


def use_psycopg_plainly(url, statement):
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(statement)


def test_a_call_of_aws_is_one_client_span(told, aws):
    """Neither its HTTP call nor its retries are spans of their own."""
    client = aws("sqs")

    seen = told(client.list_queues)

    call = seen.call
    assert (call.name, call.kind, call.parent) == ("SQS.ListQueues", "CLIENT", seen.root.span_id)
    assert call.attributes["rpc.method"] == "ListQueues"


def test_a_call_that_aws_refuses_says_what_it_failed_with(told, aws):
    """The service's error is the error's type."""
    client = aws("sqs")

    call = told(lambda: client.get_queue_url(QueueName="nowhere"), raises=client.exceptions.QueueDoesNotExist).call

    assert call.failed
    assert call.attributes["error.type"] == "botocore.errorfactory.QueueDoesNotExist"


def test_calls_are_kept_or_dropped_with_their_request(told, web, watch):
    """Of requests of which none is kept neither is a call; of one that fails all are."""
    seen = told(lambda: (get_requests(web.url), get_httpx(web.url)), FOURNINES_TRACES_KEPT="1")

    assert {span.parent for span in seen.calls} == {seen.root.span_id}
    assert len(seen.calls) == 2


def test_every_library_is_installed_here_and_followed():
    """The development extra has all of them, in versions that go together: no law about one is left out for want of it."""
    assert [one.name for one in LIBRARIES if not one.present or following._conflict(one)] == []
