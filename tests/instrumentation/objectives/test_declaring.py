"""Objectives beside the code: found by the endpoint whatever its route, said as plain values, and never in a request's way."""

from __future__ import annotations

import functools
import gc
import weakref
from decimal import Decimal

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fournines.instrumentation import BadObjective, Objective, instrument

SLO = "fournines.slo.declared"
OFF = {"OTEL_SDK_DISABLED": "true"}


@pytest.fixture
def declared(rx, http_receiver):
    """What a handle said it promises, in its newest export that says anything: {name: its points}."""

    def read(telemetry):
        assert telemetry.flush(5)
        found = {}
        for request in http_receiver.metrics():
            points = [rx.labels(p) for m in rx.metrics_named(request, SLO) for p in m.gauge.data_points]
            if points:
                found = {}
            for point in points:
                plain = {key.removeprefix("fournines.slo."): value for key, value in point.items()}
                found.setdefault(plain.pop("name"), []).append(plain)
        return found

    return read


def routes_of(points):
    """Of one objective the routes and methods that its points name."""
    return [(point.get("route"), point.get("methods")) for point in points]


def test_a_decorated_endpoint_is_said_with_its_route(watch, http_receiver, declared):
    """Above or below the route, with all there is to say as plain values; the endpoint stays the very function it was."""
    app = FastAPI()
    telemetry = watch(app, http_receiver)

    async def pay():
        return "paid"

    below = telemetry.slo("99.95%", latency="300ms", owner="payments", runbook="https://runbooks.example/pay")(pay)
    app.post("/payments/{payment}")(below)

    @telemetry.slo("0.999", window="7d", name="refunds", description="Money comes back.")
    @app.get("/refunds")
    def refund():
        return "back"

    assert below is pay
    assert {
        "shop-pay-latency": [
            {
                "kind": "latency",
                "target": "0.9995",
                "threshold": "0.3",
                "window": "30d",
                "route": "/payments/{payment}",
                "methods": "POST",
                "owner": "payments",
                "runbook": "https://runbooks.example/pay",
            }
        ],
        "refunds": [
            {
                "kind": "availability",
                "target": "0.999",
                "window": "7d",
                "route": "/refunds",
                "methods": "GET",
                "description": "Money comes back.",
            }
        ],
    } == declared(telemetry)


def test_the_routes_said_are_those_that_requests_are_counted_under(watch, http_receiver, declared, recorded, call):
    """Routers with prefixes, routers in routers, mounts with parameters, plain routes, classes, wrappers and partials: all alike."""
    app, inner, outer = FastAPI(), APIRouter(prefix="/inner"), APIRouter(prefix="/outer/{shop}")
    below = FastAPI()
    telemetry = watch(app, http_receiver)

    def limited(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @inner.get("/deep/{item:path}")
    @telemetry.slo("99%")
    async def deep(shop: str, item: str):
        return shop + item

    @below.get("/mounted/{item}")
    @limited
    @telemetry.slo("99%")
    def mounted(item: str):
        return item

    @telemetry.slo("99%")
    async def plain(request):
        return PlainTextResponse("plain")

    @telemetry.slo("99%")
    class Kind(HTTPEndpoint):
        async def get(self, request):
            return PlainTextResponse("kind")

    def part(more, request):
        return PlainTextResponse(more)

    telemetry.slo("99%")(part)
    starlette = Starlette(
        routes=[Route("/plain/{x:int}", plain), Route("/kind", Kind), Route("/part", functools.partial(part, "x"))]
    )
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    app.mount("/below/{tenant}", below)
    app.mount("/star", starlette)
    paths = {
        "deep": "/v1/outer/a/inner/deep/b/c",
        "mounted": "/below/t/mounted/1",
        "plain": "/star/plain/7",
        "kind": "/star/kind",
        "part": "/star/part",
    }
    for path in paths.values():
        assert 200 == call(app, path).status, path
    said = {name: points[0]["route"] for name, points in declared(telemetry).items()}

    assert {f"shop-{name}-availability" for name in paths} == said.keys()
    assert sorted(route for _, route, _, _ in recorded(telemetry)) == sorted(said.values())


def test_an_endpoint_of_several_routes_and_methods_is_one_objective_unless_they_differ(watch, http_receiver, declared):
    """What other endpoints answer under the same templates is never counted for it."""
    app = FastAPI()
    telemetry = watch(app, http_receiver)

    @telemetry.slo("99%")
    @app.api_route("/both", methods=["PUT", "GET"])
    @app.api_route("/also", methods=["GET", "PUT"])
    def both():
        return ""

    @telemetry.slo("99%")
    @app.get("/read")
    @app.post("/write")
    def differs():
        return ""

    said = {name: routes_of(points) for name, points in declared(telemetry).items()}

    assert {
        "shop-both-availability": [("/also", "GET,PUT"), ("/both", "GET,PUT")],
        "shop-differs-availability-get": [("/read", "GET")],
        "shop-differs-availability-post": [("/write", "POST")],
    } == {name: sorted(routes) for name, routes in said.items()}


def test_objectives_as_arguments_name_their_routes(watch, http_receiver, declared):
    """Several routes, methods, or neither: then all requests count, under the name that the service's own SLO has."""
    telemetry = watch(
        Starlette(routes=[Route("/a", PlainTextResponse), Route("/b/{x}", PlainTextResponse)]), http_receiver
    )
    telemetry.declare(
        Objective("99.95%"),
        Objective(Decimal("0.99"), latency=0.25, routes=["/a", "/b/{x}"], methods="post"),
        Objective("99%", routes="/"),
    )

    assert {
        "shop-availability": [(None, None)],
        "shop-post-a-b-x-latency": [("/a", "POST"), ("/b/{x}", "POST")],
        "shop-root-availability": [("/", None)],
    } == {name: routes_of(points) for name, points in declared(telemetry).items()}


def test_it_is_said_at_once_on_change_and_each_minute(watch):
    """Not with every export; a child of a fork says it again; the good-bye does not."""
    app = FastAPI()
    telemetry = watch(app, runs=False)
    telemetry.declare(Objective("99%"))
    due = telemetry._declarations.due
    later = iter(range(10_000, 20_000, 1))

    assert [1, 0, 0] == [len(due(next(later))) for _ in range(3)]
    telemetry.declare(Objective("98%", name="more"))
    assert [2, 0] == [len(due(next(later))) for _ in range(2)]
    assert 2 == len(due(next(later) + 60))
    telemetry._declarations.forget()
    assert 2 == len(due(next(later)))


def test_an_endpoint_registered_later_is_found_and_one_that_never_is_warned_of(watch, caplog):
    """Once: with its name, and with the route it may have meant."""
    app = FastAPI()
    telemetry = watch(app, runs=False)

    @telemetry.slo("99%")
    def late():
        return ""

    telemetry.declare(Objective("99%", routes="/laet"))
    due = telemetry._declarations.due
    assert ["/laet"] == [point.get("fournines.slo.route") for point in due(100)]
    assert [] == list(due(105))
    app.get("/late")(late)
    assert {"/late", "/laet"} == {point["fournines.slo.route"] for point in due(110)}
    for now in (115, 120, 300):
        due(now)

    assert 1 == caplog.text.count("did you mean /late?")
    assert "late-availability is for a function" not in caplog.text


def test_where_the_server_mounts_the_application_is_learnt_from_requests(watch, call, recorded):
    """`--root-path` stands before every route that is counted, and so before those that are promised."""
    app = FastAPI()
    telemetry = watch(app, runs=False)

    @telemetry.slo("99%")
    @app.get("/pay")
    def pay():
        return ""

    due = telemetry._declarations.due
    before = [point["fournines.slo.route"] for point in due(1)]
    call(app, "/api/pay", root_path="/api")
    after = [point["fournines.slo.route"] for point in due(2)]

    assert (["/pay"], ["/api/pay"]) == (before, after)
    assert ["/api/pay"] == [route for _, route, _, _ in recorded(telemetry)]


def test_a_latency_is_a_boundary_and_what_is_slow_there(watch):
    """The histogram tells it exactly, and traces of that route are kept by it; other routes keep to the usual."""
    app = FastAPI()
    telemetry = watch(app, runs=False)

    @telemetry.slo("99%", latency="1234ms")
    @app.get("/batch")
    def batch():
        return ""

    telemetry._declarations.due(1)

    assert 1.234 in telemetry._red.boundaries
    assert {"/batch": 1_234_000_000} == telemetry._instruments.sampling.slow_routes


def test_no_promise_holds_an_application(monkeypatch):
    """Its endpoints and itself go when nobody else holds them; the thread that would say it ends."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    app = Starlette()
    telemetry = instrument(app)

    @telemetry.slo("99%")
    def pay(request, held=app):
        return PlainTextResponse("paid")

    app.add_route("/pay", pay)
    telemetry.start()
    gone = [weakref.ref(app), weakref.ref(pay)]
    declarations = telemetry._declarations
    assert 1 == len(declarations.due(1))
    del app, telemetry, pay
    gc.collect()

    assert [None, None] == [one() for one in gone]
    assert () == tuple(declarations.due(100))


def test_routes_that_can_not_be_read_cost_no_count(watch, http_receiver, call, recorded):
    """A fault in them is counted, and everything else leaves."""

    class Broken:
        @property
        def routes(self):
            raise RuntimeError("no")

        async def __call__(self, scope, receive, send):
            await PlainTextResponse("ok")(scope, receive, send)

    telemetry = watch(Broken(), http_receiver)
    telemetry.declare(Objective("99%"))
    call(telemetry, "/x")

    assert telemetry.flush(5)
    assert 1 == http_receiver.count()
    assert 1 <= telemetry._health.count("fournines_instrumentation_errors", "objectives")


def test_a_secret_in_a_promise_does_not_leave(watch, http_receiver, declared):
    """Its texts are redacted like everything else."""
    telemetry = watch(FastAPI(), http_receiver)
    telemetry.declare(Objective("99%", name="cards", description="as with 4111 1111 1111 1111"))

    assert "as with REDACTED" == declared(telemetry)["cards"][0]["description"]


def test_two_of_one_name_are_one_too_many(watch):
    """Unless they say the very same; a decorator says it where it stands, and also where telemetry is switched off."""
    app = FastAPI()
    telemetry = watch(app)
    telemetry.declare(Objective("99%"), Objective("99%"))
    with pytest.raises(BadObjective, match="'shop-availability' is declared already"):
        telemetry.declare(Objective("98%"))
    with pytest.raises(BadObjective, match="write Objective"):
        telemetry.declare("99%")
    off = watch(FastAPI(), **OFF)
    with pytest.raises(BadObjective):
        off.slo("200%")

    assert repr(app) == repr(off.slo("99%")(app))


def test_instrument_takes_them_once_and_again(monkeypatch):
    """An application that is instrumented already gets the objectives of the second call too."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    app = FastAPI()
    first = instrument(app, service="shop", objectives=[Objective("99%")])
    second = instrument(app, objectives=[Objective("99%"), Objective("99%", name="more")])

    assert first is second
    assert ["shop-availability", "more"] == list(first._declarations._objectives)


def test_without_an_application_there_are_no_requests_to_promise(watch):
    """A worker that declared all its requests would replace the SLO of its work by one that counts nothing: it is told at once."""
    telemetry = watch(None)
    with pytest.raises(BadObjective, match="there is no application"):
        telemetry.declare(Objective("99%"))
    with pytest.raises(BadObjective, match="SLO file"):
        telemetry.slo("99%")(lambda: None)
