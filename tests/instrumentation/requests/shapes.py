"""Requests of every shape, as data: one application that can be asked for all of them, and what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
from types import MappingProxyType
from typing import Any, NamedTuple

from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from opentelemetry import trace
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount, Route

TRACE = "65a1b2c3d4e5f60718293a4b5c6d7e8f"
PARENT = (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())
AGENT = (b"user-agent", b"probe/1")


class Broken(Exception):
    """A failure with a name of its own."""


class Shape(NamedTuple):
    """One request: the body comes in pieces; `leaves` says after how many of them the client is gone (None: never)."""

    name: str
    path: str
    method: str = "GET"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = (b"",)
    leaves: int | None = None
    cancel: bool = False
    refuses: bool = False
    scope: Any = MappingProxyType({})
    kind: str = "http"


def shop(**more: Any) -> FastAPI:
    """The application."""
    app = FastAPI(**more)
    _plain(app)
    _answering(app)
    _saying(app)
    _failing(app)
    _streaming(app)
    _nested(app, FastAPI(**more))
    _sockets(app)
    return app


def _plain(app: FastAPI) -> None:
    @app.get("/items/{item_id}")
    async def item(item_id: int):
        return {"item": item_id}

    @app.get("/threads/{item_id}")
    def threads(item_id: int):
        return {"item": item_id}

    @app.api_route("/any", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
    async def anything():
        return "ok"

    @app.post("/body")
    async def body(given: dict):
        return len(given)

    @app.post("/raw")
    async def raw(request: Request):
        return len(await request.body())


def _saying(app: FastAPI) -> None:
    @app.get("/named")
    async def named():
        trace.get_current_span().update_name("settle")

    @app.get("/said")
    async def said():
        span = trace.get_current_span()
        span.set_attribute("shop.item", 7)
        span.set_attributes({"shop.list": ["a", "b"], "shop.ratio": 0.5})
        span.add_event("sold", {"shop.item": 7})

    @app.get("/said-ok")
    async def said_ok():
        trace.get_current_span().set_status(trace.StatusCode.OK)

    @app.get("/said-error")
    async def said_error():
        trace.get_current_span().set_status(trace.StatusCode.ERROR, "not today")


def _answering(app: FastAPI) -> None:
    @app.get("/empty", status_code=204)
    async def empty():
        return None

    @app.get("/redirect")
    async def redirect():
        return RedirectResponse("/items/1")

    @app.get("/text/{rest:path}")
    async def text(rest: str):
        return PlainTextResponse(rest)

    app.add_route("/bare/{x}", lambda request: PlainTextResponse("bare"))


def _failing(app: FastAPI) -> None:
    for status in (304, 400, 401, 403, 409, 429, 499, 500, 501, 503, 504):
        app.add_api_route(f"/status/{status}", _answers(status))
    for status in (404, 418, 503):
        app.add_api_route(f"/raises/{status}", _raises(status))

    @app.get("/broken")
    async def broken():
        raise Broken("no")

    @app.get("/broken-thread")
    def broken_thread():
        raise ValueError("no")

    @app.get("/broken-late")
    async def broken_late():
        async def parts():
            yield b"x"
            raise ValueError("late")

        return StreamingResponse(parts())

    @app.get("/handled")
    async def handled():
        raise LookupError("handled")

    @app.exception_handler(LookupError)
    async def answer(request: Request, error: Exception):
        return JSONResponse({"no": "such"}, 410)


def _streaming(app: FastAPI) -> None:
    @app.get("/stream")
    async def stream():
        return StreamingResponse(iter([b"a", b"b", b"c"]))

    @app.get("/big")
    async def big():
        return PlainTextResponse("x" * 1_000_000)

    @app.get("/background")
    async def background(tasks: BackgroundTasks):
        tasks.add_task(lambda: None)
        return "done"

    @app.get("/background-fails")
    async def background_fails(tasks: BackgroundTasks):
        def fail():
            raise ValueError("after")

        tasks.add_task(fail)
        return "done"

    @app.get("/file")
    async def file():
        return FileResponse(__file__)

    @app.get("/waits")
    async def waits():
        await asyncio.sleep(30)

    @app.get("/asks")
    async def asks(request: Request):
        with contextlib.suppress(ClientDisconnect):
            async for _ in request.stream():
                pass
        return "late"


def _nested(app: FastAPI, sub: FastAPI) -> None:
    router = APIRouter(prefix="/api")
    router.add_api_route("/orders/{order_id}", _answers(200))
    outer = APIRouter(prefix="/v1")
    outer.include_router(router)
    app.include_router(outer)
    sub.add_api_route("/users/{user_id}", lambda user_id: user_id)
    sub.add_api_route("/broken", _breaks)
    app.mount("/sub", sub)
    leaf = [Route("/leaf/{leaf:int}", lambda request: PlainTextResponse("leaf"))]
    app.mount("/star", Starlette(routes=[Mount("/{b}", routes=leaf)]))
    app.mount("/asgi", _trailing)


def _sockets(app: FastAPI) -> None:
    @app.websocket("/ws/{room}")
    async def ws(socket: WebSocket, room: str):
        await socket.accept()
        await socket.close()

    @app.websocket("/ws-broken")
    async def ws_broken(socket: WebSocket):
        await socket.accept()
        raise ValueError("no")

    @app.websocket("/ws-left")
    async def ws_left(socket: WebSocket):
        await socket.accept()
        await socket.receive_text()


async def _breaks():
    raise Broken("no")


def _answers(status: int):
    async def endpoint():
        return PlainTextResponse("" if status == 304 else "said", status)

    return endpoint


def _raises(status: int):
    async def endpoint():
        raise HTTPException(status)

    return endpoint


async def _trailing(scope, receive, send):
    """A bare ASGI application that sends trailers, half an answer, or a file by path."""
    if scope["path"].endswith("half"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return
    if scope["path"].endswith("nothing"):
        return
    trailers = scope["path"].endswith("trailers")
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": trailers})
    if scope["path"].endswith("sendfile"):
        await send({"type": "http.response.pathsend", "path": __file__})
        return
    await send({"type": "http.response.body", "body": b"x"})
    if trailers:
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": False})


SHAPES = [
    Shape("plain", "/items/7"),
    Shape("agent", "/items/7", headers=(AGENT,)),
    Shape("parent", "/items/7", headers=(PARENT,)),
    Shape("parent failed", "/broken", headers=(PARENT,)),
    Shape("query", "/items/7?page=2&size=10"),
    Shape("secret query", "/items/7?a=b&sig=x&X-Amz-Signature=abc"),
    Shape("blank query", "/items/7?a&b="),
    Shape("escaped", "/text/a b/ü"),
    Shape("thread", "/threads/7"),
    Shape("validation", "/items/x"),
    Shape("not found", "/nowhere/4111"),
    Shape("not allowed", "/items/7", method="POST"),
    Shape("not allowed by a mount", "/sub/users/3", method="DELETE"),
    *(Shape(method, "/any", method=method) for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")),
    Shape("head of a get route", "/items/7", method="HEAD"),
    Shape("options nobody serves", "/items/7", method="OPTIONS"),
    Shape("unknown method", "/items/7", method="BREW"),
    Shape("lower case method", "/items/7", method="get"),
    Shape("unknown method, no route", "/nowhere", method="BREW"),
    Shape("json body", "/body", method="POST", headers=((b"content-type", b"application/json"),), body=(b'{"a"', b":1}")),
    Shape("bad json", "/body", method="POST", headers=((b"content-type", b"application/json"),), body=(b"{",)),
    Shape("big upload", "/raw", method="POST", body=tuple(b"x" * 65536 for _ in range(16))),
    Shape("named by user code", "/named"),
    Shape("said by user code", "/said"),
    Shape("OK by user code", "/said-ok"),
    Shape("ERROR by user code", "/said-error"),
    Shape("no content", "/empty"),
    Shape("redirect", "/redirect"),
    Shape("slash redirect", "/any/"),
    Shape("path parameter", "/text/a/b/c"),
    Shape("starlette route", "/bare/3"),
    *(Shape(f"status {s}", f"/status/{s}") for s in (304, 400, 401, 403, 409, 429, 499, 500, 501, 503, 504)),
    *(Shape(f"HTTPException {s}", f"/raises/{s}") for s in (404, 418, 503)),
    Shape("exception", "/broken"),
    Shape("exception in a thread", "/broken-thread"),
    Shape("exception after the start", "/broken-late"),
    Shape("handled exception", "/handled"),
    Shape("streaming", "/stream"),
    Shape("big answer", "/big"),
    Shape("background task", "/background"),
    Shape("failing background task", "/background-fails"),
    Shape("file", "/file"),
    Shape("file by path", "/file", scope={"extensions": {"http.response.pathsend": {}}}),
    Shape("cancelled", "/waits", cancel=True),
    Shape("client gone while reading", "/raw", method="POST", body=(b"x",), leaves=1),
    Shape("client gone, and answered", "/asks", leaves=1),
    Shape("server refuses to send", "/items/7", refuses=True),
    Shape("included router", "/v1/api/orders/9"),
    Shape("mounted", "/sub/users/9"),
    Shape("mounted, not found", "/sub/nothing"),
    Shape("mounted, broken", "/sub/broken"),
    Shape("starlette mount", "/star/x/leaf/5"),
    Shape("bare mount", "/asgi/x"),
    Shape("trailers", "/asgi/trailers"),
    Shape("path sent by a mount", "/asgi/sendfile"),
    Shape("half an answer", "/asgi/half"),
    Shape("no answer", "/asgi/nothing"),
    Shape("root path", "/proxied/items/7", scope={"root_path": "/proxied"}),
    Shape("https", "/items/7", scope={"scheme": "https"}),
    Shape("HTTP/2", "/items/7", scope={"http_version": "2"}),
    Shape("host with a port", "/items/7", headers=((b"host", b"shop.example:8080"),)),
    Shape("host of version 6", "/items/7", headers=((b"host", b"[::1]:8080"),)),
    Shape("no client", "/items/7", scope={"client": None}),
    Shape("health check", "/docs"),
    Shape("websocket", "/ws/blue", kind="websocket"),
    Shape("websocket, broken", "/ws-broken", kind="websocket"),
    Shape("websocket, left", "/ws-left", kind="websocket"),
    Shape("websocket, not found", "/ws-nowhere", kind="websocket"),
]  # fmt: skip


async def ask(app: Any, shape: Shape) -> list[Any]:
    """Makes one request as a server would; what was sent."""
    sent: list[Any] = []
    pieces = list(shape.body)
    given = 0
    hangs = asyncio.Event()

    async def receive():
        nonlocal given
        if shape.kind == "websocket":
            given += 1
            return {"type": "websocket.connect"} if given == 1 else {"type": "websocket.disconnect", "code": 1001}
        if shape.leaves is not None and given >= shape.leaves:
            return {"type": "http.disconnect"}
        if given < len(pieces):
            given += 1
            more = given < len(pieces) or shape.leaves is not None
            return {"type": "http.request", "body": pieces[given - 1], "more_body": more}
        return await hangs.wait()

    async def send(message):
        if shape.refuses:
            raise BrokenPipeError
        sent.append(message)

    path, _, query = shape.path.partition("?")
    host = [] if any(name == b"host" for name, _ in shape.headers) else [(b"host", b"shop.example")]
    scope = {
        "type": shape.kind, "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": shape.method,
        "scheme": "http" if shape.kind == "http" else "ws", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "headers": [*host, *shape.headers],
        "client": ("192.0.2.1", 4711), "server": ("127.0.0.1", 80), **shape.scope,
    }  # fmt: skip
    if shape.kind == "websocket":
        del scope["method"]
    task = asyncio.create_task(app(scope, receive, send))
    if shape.cancel:
        await asyncio.sleep(0.01)
        task.cancel()
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await task
    return sent
