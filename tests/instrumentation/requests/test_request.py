"""What one request is counted as."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount, Route


class Broken(Exception):
    """A failure with a name of its own."""


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        return {"item": item_id}

    @app.get("/plain/{item_id}")
    def plain(item_id: int):
        return {"item": item_id}

    @app.get("/broken")
    async def broken():
        raise Broken("no")

    @app.get("/value-error")
    async def value_error():
        raise ValueError("no")

    @app.get("/teapot")
    async def teapot():
        raise HTTPException(418)

    @app.get("/down")
    async def down():
        raise HTTPException(503)

    @app.get("/healthz")
    async def healthz():
        return "ok"

    return app


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/items/7", ("GET", "/items/{item_id}", 200, None)),
        ("/plain/7", ("GET", "/plain/{item_id}", 200, None)),
        ("/items/x", ("GET", "/items/{item_id}", 422, None)),
        ("/nowhere/7", ("GET", None, 404, None)),
        ("/teapot", ("GET", "/teapot", 418, None)),
        ("/down", ("GET", "/down", 503, "503")),
        ("/value-error", ("GET", "/value-error", 500, "ValueError")),
        ("/healthz", ("GET", "/healthz", 200, None)),
        ("/openapi.json", ("GET", "/openapi.json", 200, None)),
    ],
)
def test_outcome(watch, call, recorded, path, key):
    """A request is one count under its method, template, status and error type."""
    telemetry = watch(shop())

    call(telemetry.app, path)

    assert recorded(telemetry) == {key: 1}


def test_unhandled_exception_is_named_by_its_class(watch, call, recorded):
    """An unhandled exception is a 500 with its full class name."""
    telemetry = watch(shop())

    answer = call(telemetry.app, "/broken")

    assert answer.status == 500
    assert recorded(telemetry) == {("GET", "/broken", 500, f"{__name__}.Broken"): 1}


@pytest.mark.parametrize(("method", "counted"), [("POST", "POST"), ("BREW", "_OTHER"), ("get", "_OTHER")])
def test_methods_are_bounded(watch, call, recorded, method, counted):
    """A method nobody knows is `_OTHER`, so a client can't make series."""
    telemetry = watch(shop())

    call(telemetry.app, "/items/7", method=method)

    assert recorded(telemetry) == {(counted, "/items/{item_id}", 405, None): 1}


def test_mounted_and_included_routes_keep_their_whole_template(watch, call, recorded):
    """Prefixes of routers and mounts belong to the template, parameters of mounts by name."""
    sub = FastAPI()
    sub.add_api_route("/users/{user_id}", lambda user_id: user_id)
    deep = Starlette(routes=[Route("/leaf/{leaf}", lambda request: PlainTextResponse("leaf"))])
    router = APIRouter(prefix="/api")
    router.add_api_route("/orders/{order_id}", lambda order_id: order_id)
    outer = APIRouter(prefix="/v1")
    outer.include_router(router)
    app = FastAPI()
    app.include_router(outer)
    app.mount("/sub", sub)
    app.mount("/tenants/{tenant}/deep", deep)
    app.add_route("/bare/{x}", lambda request: PlainTextResponse("bare"))
    telemetry = watch(app)

    for path in ("/v1/api/orders/9", "/sub/users/9", "/tenants/acme/deep/leaf/2", "/bare/3", "/sub/nothing"):
        call(app, path)

    assert {route for _, route, _, _ in recorded(telemetry)} == {
        "/v1/api/orders/{order_id}",
        "/sub/users/{user_id}",
        "/tenants/{tenant}/deep/leaf/{leaf}",
        "/bare/{x}",
        "/sub/{path}",
    }


def test_starlette_mounts(watch, call, recorded):
    """Starlette's own mounts give whole templates, and the application's root path stands in front."""
    leaf = [Route("/leaf/{leaf:int}", lambda request: PlainTextResponse("leaf"))]
    app = Starlette(routes=[Mount("/a", routes=[Mount("/{b}", routes=leaf)])])
    telemetry = watch(app)

    call(app, "/a/x/leaf/5")
    call(app, "/api/a/y/leaf/5", root_path="/api")

    assert {route for _, route, _, _ in recorded(telemetry)} == {"/a/{b}/leaf/{leaf}", "/api/a/{b}/leaf/{leaf}"}


def test_any_asgi_application(watch, call, recorded):
    """A bare ASGI callable is measured through the handle."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    telemetry = watch(app)
    answer = call(telemetry.app, "/x")
    call(telemetry, "/y")

    assert answer.status == 204
    assert recorded(telemetry) == {("GET", None, 204, None): 2}


def test_client_that_goes_away_is_499_without_error(watch, call, recorded):
    """A client that leaves before the answer ends is 499: no event for an SLO, no error."""

    async def reads(scope, receive, send):
        await Request(scope, receive).body()

    async def streams(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        raise ClientDisconnect

    async def cancelled(scope, receive, send):
        raise asyncio.CancelledError

    for app in (reads, streams, cancelled):
        telemetry = watch(app)
        try:
            call(telemetry.app, "/", disconnect=True)
        except asyncio.CancelledError:
            assert app is cancelled
        assert recorded(telemetry) == {("GET", None, 499, None): 1}


def test_server_that_refuses_to_send_is_a_client_gone(watch, recorded):
    """An OSError from the server's send says that the client is gone (ASGI 2.4)."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    async def refuse(message):
        raise BrokenPipeError

    telemetry = watch(app)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(BrokenPipeError):
        asyncio.run(telemetry(scope, None, refuse))

    assert recorded(telemetry) == {("GET", None, 499, None): 1}


@pytest.mark.parametrize(("status", "key"), [(None, ("GET", None, 500, "_OTHER")), (200, ("GET", None, 200, "_OTHER"))])
def test_incomplete_answer_is_an_error(watch, call, recorded, status, key):
    """An application that returns before its answer is complete has failed."""

    async def app(scope, receive, send):
        if status is not None:
            await send({"type": "http.response.start", "status": status, "headers": []})

    telemetry = watch(app)
    call(telemetry.app)

    assert recorded(telemetry) == {key: 1}


def test_exception_after_the_response_started_keeps_its_status(watch, call, recorded):
    """What was sent stays what was sent: status 200, and the error beside it."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    telemetry = watch(app)
    call(telemetry.app)

    assert recorded(telemetry) == {("GET", None, 200, "ValueError"): 1}


def seconds(telemetry):
    (total,) = telemetry._red.totals()
    return total.seconds


def test_duration_ends_with_the_last_byte(watch, call, monkeypatch):
    """Background tasks are not waited for, streamed bodies are: by a clock that only the application moves."""
    now = [100.0]
    monkeypatch.setattr("fournines.instrumentation.requests.request.stopwatch", lambda: now[0])
    app = FastAPI()

    @app.get("/background")
    async def background(tasks: BackgroundTasks):
        async def later():
            now[0] += 60

        tasks.add_task(later)
        now[0] += 1
        return "done"

    @app.get("/stream")
    async def stream():
        async def parts():
            for _ in range(3):
                now[0] += 2
                yield b"x"

        return StreamingResponse(parts())

    first = watch(app)
    call(app, "/background")
    assert seconds(first) == 1.0

    first._red.forget()
    call(app, "/stream")
    assert seconds(first) == 6.0


def test_active_requests_return_to_zero(watch, async_call):
    """A request is in flight from its first moment until it is reported, however it ends."""
    inside = asyncio.Event()
    go_on = asyncio.Event()

    async def app(scope, receive, send):
        inside.set()
        await go_on.wait()
        raise ValueError

    async def story(telemetry):
        task = asyncio.create_task(async_call(telemetry.app))
        await inside.wait()
        during = telemetry._red.active()
        go_on.set()
        await task
        return during

    telemetry = watch(app)
    assert asyncio.run(story(telemetry)) == {("GET", "http"): 1}
    assert telemetry._red.active() == {("GET", "http"): 0}


def test_instrumenting_twice_is_once(call, recorded, monkeypatch):
    """The same application gets the same handle, and a request one count."""
    from fournines.instrumentation import instrument

    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    app = shop()
    telemetry = instrument(app, service="shop")
    again = instrument(app)
    call(app, "/items/1")
    telemetry.shutdown()

    assert again is telemetry
    assert instrument(telemetry) is telemetry
    assert telemetry.service == "shop"
    assert recorded(telemetry) == {("GET", "/items/{item_id}", 200, None): 1}


def test_nested_instrumented_applications_count_once(watch, call, recorded):
    """A mounted application that is instrumented too leaves the request to the outer one."""
    sub = shop()
    inner = watch(sub)
    app = FastAPI()
    app.mount("/sub", sub)
    outer = watch(app)

    call(app, "/sub/items/3")

    assert recorded(inner) == {}
    assert recorded(outer) == {("GET", "/sub/items/{item_id}", 200, None): 1}


def test_not_an_application():
    """What can't be called is refused at once."""
    from fournines.instrumentation import InstrumentationError, NotAnApplication, instrument

    with pytest.raises(NotAnApplication, match="not str"):
        instrument("app:app")
    assert issubclass(NotAnApplication, InstrumentationError)


def test_disabled_sdk_leaves_the_application_alone(watch, call):
    """OTEL_SDK_DISABLED=true: nothing is measured, nothing is exported, and the handle is still one."""
    app = shop()
    kind = type(app)
    telemetry = watch(app, OTEL_SDK_DISABLED="true")

    assert call(telemetry.app, "/items/1").status == 200
    assert call(telemetry, "/metrics").status == 404
    assert type(app) is kind
    assert telemetry.app is app
    assert telemetry.flush() is True
    telemetry.start()
    assert telemetry.shutdown() is True
    assert list(telemetry.registry.collect()) == []


def test_the_class_stays_what_it_was(watch):
    """An instrumented FastAPI is still a FastAPI, under its own name."""
    app = FastAPI()
    watch(app)

    assert isinstance(app, FastAPI)
    assert type(app).__name__ == "FastAPI"


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("path", ["/raw", "/json", "/asks"])
def test_an_upload_that_is_broken_off_is_nobody_s_failure(watch, recorded, path, wrapped):
    """Once the client is gone nothing is an answer: neither the error page of the aborted read nor a late 200."""
    app = FastAPI()
    if wrapped:
        app.middleware("http")(lambda request, call_next: call_next(request))

    @app.post("/raw")
    async def raw(request: Request):
        return len(await request.body())

    @app.post("/json")
    async def parsed(body: dict):
        return body

    @app.post("/asks")
    async def asks(request: Request):
        with contextlib.suppress(ClientDisconnect):
            await request.body()
        return "late"

    telemetry = watch(app)
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive():
        return next(messages, {"type": "http.disconnect"})

    async def send(message):
        pass

    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [(b"content-type", b"application/json")]
    }  # fmt: skip
    with contextlib.suppress(ClientDisconnect):
        asyncio.run(app(scope, receive, send))

    assert recorded(telemetry) == {("POST", path, 499, None): 1}


def test_a_listener_that_hears_the_connection_close_after_the_last_byte_changes_nothing(watch, recorded):
    """A server that still sends while the application is told of the disconnect has answered the request."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        sending = asyncio.create_task(send({"type": "http.response.body", "body": b""}))
        await asyncio.sleep(0)
        assert (await receive())["type"] == "http.disconnect"
        await sending

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        await asyncio.sleep(0.001)

    telemetry = watch(app)
    asyncio.run(telemetry({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send))

    assert recorded(telemetry) == {("GET", None, 200, None): 1}


def test_an_application_that_exits_has_failed(watch, recorded):
    """`sys.exit` in an endpoint is the service's doing, and not a client that left."""

    async def app(scope, receive, send):
        raise SystemExit(3)

    telemetry = watch(app)
    with pytest.raises(SystemExit):
        asyncio.run(telemetry({"type": "http", "method": "GET", "path": "/", "headers": []}, None, None))

    assert recorded(telemetry) == {("GET", None, 500, "SystemExit"): 1}


def test_a_server_failure_before_the_client_left_stays_one(watch, recorded):
    """A 5xx that was on its way when the client went is the service's failure."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await receive()

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        pass

    telemetry = watch(app)
    asyncio.run(telemetry({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send))

    assert recorded(telemetry) == {("GET", None, 503, "_OTHER"): 1}
