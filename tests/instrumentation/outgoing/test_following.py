"""What is switched on: what is there, once, by name, and never at the cost of the host."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import types
from importlib.metadata import entry_points, version

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.sampling import Sampler

from fournines.instrumentation import NoSuchClient, instrument
from fournines.instrumentation.outgoing import following
from fournines.instrumentation.outgoing.libraries import LIBRARIES, Library, wanted

QUIET = {"OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"}
NAMES = sorted(library.name for library in LIBRARIES)


def child(script, **env):
    """What a fresh interpreter prints as JSON, instrumented for nobody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "COVERAGE_PROCESS"))}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**kept, **QUIET, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_library_that_is_not_known_is_an_error_that_names_what_there_is():
    """At once, and by a class of its own."""
    with pytest.raises(
        NoSuchClient, match=r"'pymongo' is not known here; there are aiohttp-client, asyncpg, .*, urllib3"
    ):
        instrument(FastAPI(), clients={"httpx", "pymongo"})


@pytest.mark.parametrize(
    ("clients", "off", "expected"),
    [
        (True, "", NAMES),
        (False, "", []),
        ([], "", []),
        ({"redis", "httpx"}, "", ["httpx", "redis"]),
        ("redis", "", ["redis"]),
        ({"redis", "httpx"}, "redis", ["httpx"]),
        (True, "*", []),
        (True, ",".join(name for name in NAMES if name != "urllib3"), ["urllib3"]),
        (True, "requests , flask", [name for name in NAMES if name != "requests"]),
    ],
)
def test_libraries_are_chosen_by_name_and_switched_off_by_the_environment(watch, clients, off, expected):
    """`clients` says which; `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` which not, in the names of its own, blanks around them or not."""
    telemetry = watch(FastAPI(), clients=clients, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=off)

    assert sorted(telemetry.clients) == expected


def test_nothing_is_followed_where_all_is_off(watch):
    """OTEL_SDK_DISABLED is for outgoing calls too."""
    assert watch(FastAPI(), OTEL_SDK_DISABLED="true").clients == frozenset()


def test_what_is_followed_is_said_once_and_libraries_are_not_imported_for_it():
    """One line a process, sorted, with versions; each is followed when it is imported, in the stable conventions."""
    said = child("""
import json, logging, os, sys
lines = []
class Lines(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())
logging.getLogger("fournines.instrumentation").addHandler(Lines())
logging.getLogger("fournines.instrumentation").setLevel("INFO")
from fournines.instrumentation import instrument
async def one(scope, receive, send): pass
async def two(scope, receive, send): pass
handles = [instrument(one, "one"), instrument(two, "two", clients={"redis"})]
early = [name for name in ("redis", "sqlalchemy", "celery", "botocore", "aiohttp", "psycopg", "asyncpg", "httpx") if name in sys.modules]
import redis
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Mode
modes = sorted(mode.value for mode in Mode._OTEL_SEMCONV_STABILITY_SIGNAL_MAPPING.values())
environment = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN")
print(json.dumps([lines, early, RedisInstrumentor().is_instrumented_by_opentelemetry, modes, environment]))
""")

    (line,), early, is_followed, modes, environment = said
    assert line.startswith("outgoing calls traced: aiohttp-client 3.")
    assert [part.split()[0] for part in line.removeprefix("outgoing calls traced: ").split(", ")] == NAMES
    assert early == []
    assert is_followed
    assert modes == ["database", "default", "http"]
    assert environment is None


def test_the_small_install_follows_httpx_and_says_what_is_missing():
    """Without the extra: the line names what is there but not traced, and what to install."""
    (line,), clients = child("""
import json, logging, sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("opentelemetry.instrumentation", "wrapt")):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
import importlib.util
known = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "wrapt" else known(name, package)
lines = []
class Lines(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())
logging.getLogger("fournines.instrumentation").addHandler(Lines())
logging.getLogger("fournines.instrumentation").setLevel("INFO")
from fournines.instrumentation import instrument
async def one(scope, receive, send): pass
print(json.dumps([lines, sorted(instrument(one, "one", clients={"httpx", "redis", "requests"}).clients)]))
""")

    assert clients == ["httpx"]
    assert line == (
        f"outgoing calls traced: httpx {version('httpx')}; there but not traced: redis (pip install 'fournines[clients]'), "
        "requests (pip install 'fournines[clients]')"
    )


def test_a_provider_that_was_there_before_gets_the_spans_of_calls():
    """Below the request's span, by that provider; its meters are asked as well; and the conventions are those that were chosen."""
    spans, metrics = child(
        """
import asyncio, json
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept, reader = InMemorySpanExporter(), InMemoryMetricReader()
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
import requests
from fournines.instrumentation import instrument
async def app(scope, receive, send):
    try:
        requests.get("http://127.0.0.1:9/", timeout=5)
    except requests.ConnectionError:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
served = instrument(app, "shop", clients={"requests"}).app
async def receive(): return {"type": "http.request", "body": b""}
async def send(message): pass
scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "http_version": "1.1", "scheme": "http"}
asyncio.run(served(scope, receive, send))
found = reader.get_metrics_data()
print(json.dumps([
    [[span.name, span.kind.name, span.parent is not None] for span in kept.get_finished_spans()],
    sorted(m.name for r in found.resource_metrics for s in r.scope_metrics for m in s.metrics),
]))
""",
        OTEL_SEMCONV_STABILITY_OPT_IN="http/dup",
    )

    assert spans == [["GET", "CLIENT", True], ["GET", "SERVER", False]]
    assert metrics == ["http.client.duration", "http.client.request.duration"]


def test_each_application_of_a_process_speaks_of_its_own_calls(watch, rx, web, call):
    """Two applications, two collectors: a call is told where its request is; one that wants none has none, and no header."""
    import requests

    def get():
        with requests.Session() as session:
            session.trust_env = False
            session.get(web.url, timeout=10)

    receivers, telemetries = [rx.HttpReceiver() for _ in range(3)], []
    for receiver, clients in zip(receivers, ({"requests"}, {"requests"}, {"redis"}), strict=True):
        app = FastAPI()
        app.get("/")(get)
        telemetries.append(watch(app, receiver, clients=clients))
    for telemetry in telemetries:
        assert call(telemetry.app, "/").status == 200
        assert telemetry.flush()

    kinds = [sorted(span.kind for span in receiver.spans()) for receiver in receivers]
    for receiver in receivers:
        receiver.close()
    assert kinds == [[2, 3], [2, 3], [2]]
    assert ["traceparent" in headers for headers in web.headers] == [True, True, False]


def test_sending_spans_makes_no_spans(told, web):
    """The exporter's own calls, by a library that is followed, are not told."""
    import requests

    def work():
        with requests.Session() as session:
            session.trust_env = False
            session.get(web.url, timeout=10)

    seen = told(work)
    assert seen.telemetry.flush()
    assert seen.telemetry.flush()

    assert [span.kind for span in seen.calls] == ["CLIENT"]
    assert len(seen.telemetry._spans) == 0


class Fake:
    """An instrumentation that does as it is told."""

    is_instrumented_by_opentelemetry = False
    given = None

    def __init__(self, does=None):
        self.does = does

    def __call__(self):
        return self

    def instrument(self, **given):
        self.given = given
        if self.does is not None:
            raise self.does
        self.is_instrumented_by_opentelemetry = True


@pytest.fixture
def planted(monkeypatch, watch, caplog):
    """Follows one library more, `json`, by an instrumentation of the test's; the handle, and the line that was logged."""
    caplog.set_level(logging.INFO, "fournines.instrumentation")

    def plant(instrumentor, clients=("json", "httpx")):
        module = types.ModuleType("planted_instrumentation")
        module.__spec__ = types.SimpleNamespace()
        module.Planted = instrumentor
        monkeypatch.setitem(sys.modules, "planted_instrumentation", module)
        planted = Library("json", "json", (), "planted_instrumentation:Planted")
        monkeypatch.setattr(following, "LIBRARIES", (*LIBRARIES, planted))
        monkeypatch.setattr(following, "_states", {})
        monkeypatch.setattr("fournines.instrumentation.outgoing.libraries.NAMES", frozenset({*NAMES, "json"}))
        return watch(FastAPI(), clients=clients), caplog

    return plant


def test_an_instrumentation_that_fails_is_counted_and_said_and_the_rest_goes_on(planted):
    """Whatever it raises: one warning with its name, and nothing of it reaches the host."""
    telemetry, caplog = planted(Fake(RuntimeError("no such method")))

    assert telemetry.clients == {"httpx"}
    assert telemetry._health.count("fournines_instrumentation_errors", "clients") == 1
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["outgoing calls of json can't be traced: RuntimeError: no such method"]
    assert "there but not traced: json (it failed: RuntimeError)" in caplog.text


def test_an_instrumentation_that_somebody_else_has_switched_on_is_left_as_it_is(planted):
    """It is not switched on again, and the line says so."""
    fake = Fake()
    fake.is_instrumented_by_opentelemetry = True

    telemetry, caplog = planted(fake)

    assert fake.given is None
    assert telemetry.clients == {"httpx"}
    assert "json (somebody else's instrumentation of it is on)" in caplog.text


def test_a_version_that_an_instrumentation_is_not_made_for_is_left_alone(planted, monkeypatch):
    """The line says which versions it would follow."""
    requirement = types.SimpleNamespace(requires=["httpx<0.1; extra == 'instruments'"])
    monkeypatch.setattr(following, "distribution", lambda name: requirement)
    fake = Fake()

    telemetry, caplog = planted(fake)

    assert fake.given is None
    assert telemetry.clients == {"httpx"}
    assert f'currently installed version ("httpx {version("httpx")}") falls outside of that range' in caplog.text


def test_no_measurements_are_made_for_nobody(planted):
    """Where the process has no meters the instrumentation gets some that do nothing: not those somebody may set later."""
    fake = Fake()

    planted(fake)

    assert type(fake.given["meter_provider"]).__name__ == "NoOpMeterProvider"


def test_a_sampler_that_raises_costs_no_call(told, web, monkeypatch):
    """A span that can't be begun is counted; the call goes out."""
    import requests

    class Broken(Sampler):
        def should_sample(self, *args, **kwargs):
            raise RuntimeError("no")

        def get_description(self):
            return "broken"

    statuses = []

    def work():
        from fournines.instrumentation.tracing.current import current

        monkeypatch.setattr(current().provider, "sampler", Broken())
        with requests.Session() as session:
            session.trust_env = False
            statuses.append(session.get(web.url, timeout=10).status_code)

    seen = told(work, clients={"requests"})

    assert statuses == [200]
    assert seen.calls == []
    assert seen.telemetry._health.count("fournines_instrumentation_errors", "client") == 1


@pytest.mark.parametrize(("path", "kept"), [("/", 0), ("/broken", 2)])
def test_a_call_is_kept_or_dropped_with_its_request(watch, http_receiver, web, call, path, kept):
    """Of a good request of which none are kept, neither the request nor the call leaves; of one that fails, both."""
    import requests

    app = FastAPI()

    @app.get("/")
    @app.get("/broken")
    def work():
        with requests.Session() as session:
            session.trust_env = False
            session.get(web.url, timeout=10)
        if path == "/broken":
            raise ValueError

    telemetry = watch(app, http_receiver, FOURNINES_TRACES_KEPT="0", FOURNINES_TRACES_SLOW="60")
    call(telemetry.app, path)
    assert telemetry.flush()

    assert len(http_receiver.spans()) == kept


def test_secrets_leave_no_process_by_their_calls(told, web, redis_port, postgres_url, aws):
    """A card number in a comment of SQL, a value of redis, a URL, a message's body or an error: nowhere in what is sent."""
    import psycopg
    import redis
    import requests

    card = "4111111111111111"
    client = aws("sqs")
    url = client.create_queue(QueueName="cards")["QueueUrl"]

    def work():
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{web.url}/cards/{card}?card={card}&X-Amz-Signature=signed", timeout=10)
        with redis.Redis("127.0.0.1", redis_port, socket_timeout=10) as store:
            store.set(f"card:{card}", card)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"/* for {card} */ SELECT 1 -- {card}")
            for _ in range(2):
                with contextlib.suppress(psycopg.errors.UniqueViolation):
                    connection.execute("INSERT INTO payments VALUES (%s, %s)", (7, card))
            with contextlib.suppress(psycopg.errors.NumericValueOutOfRange):
                connection.execute(f"SELECT {card}::smallint")
        client.send_message(QueueUrl=url, MessageBody=card)

    seen = told(work)

    assert {span.name for span in seen.calls} >= {"GET", "SET", "SELECT", "INSERT", "SQS.SendMessage"}
    assert card not in str(seen.calls)
    assert "signed" not in str(seen.calls)


def test_a_call_outside_of_requests_is_a_trace_of_its_own(watch, http_receiver, web):
    """It speaks for the application that came last."""
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session, session.get(web.url) as answer:
            return answer.status

    telemetry = watch(FastAPI(), http_receiver)
    assert asyncio.run(get()) == 200
    telemetry.start()
    assert telemetry.flush()

    (span,) = http_receiver.spans()
    assert (span.kind, span.parent_span_id) == (3, b"")


def test_names_are_those_of_the_instrumentations_entry_points():
    """What `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` has is what they are called there; httpx is ours under the same name."""
    there = {entry.name for entry in entry_points(group="opentelemetry_instrumentor")} | {"httpx"}
    assert set(NAMES) <= there
    assert wanted(clients=True) == set(NAMES)


def test_httpx_is_left_to_who_follows_it_already():
    """Where its transports are wrapped by somebody else they stay as they are; by us, they are not wrapped twice."""
    import httpx

    from fournines.instrumentation.outgoing.httpx_calls import wrap_httpx

    def module():
        kinds = [type(kind.__name__, (kind,), {}) for kind in (httpx.HTTPTransport, httpx.AsyncHTTPTransport)]
        for kind, name in zip(kinds, ("handle_request", "handle_async_request"), strict=True):
            setattr(kind, name, lambda self, request: None)
        return types.SimpleNamespace(HTTPTransport=kinds[0], AsyncHTTPTransport=kinds[1])

    ours, others = module(), module()
    others.HTTPTransport.handle_request.__wrapped__ = None

    assert wrap_httpx(ours)
    followed = ours.HTTPTransport.handle_request
    assert wrap_httpx(ours)
    assert ours.HTTPTransport.handle_request is followed
    assert not wrap_httpx(others)


def test_a_child_is_forked_whatever_was_imported_when():
    """The SDK's provider makes a thread pool in each child: one that is forked by a process without servers must not wait for it."""
    assert (
        child("""
import os
from fournines.instrumentation import instrument
async def app(scope, receive, send): pass
telemetry = instrument(app, "one", clients={"redis"})
import redis, concurrent.futures
concurrent.futures.ThreadPoolExecutor
born = os.fork()
if born == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(born, 0)[1]))
""")
        == 7
    )
