"""gateway: the bank's one door; it passes each request to the service that answers it."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from fastapi import FastAPI, Request, Response

from fournines.instrumentation import instrument

from .calls import Calls
from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

# method, route, and who answers it; ids are numbers, so that no `..` among them becomes another path of a service
ROUTES = (
    ("GET", "/users/{user_id:int}", "users"),
    ("POST", "/users/{user_id:int}/codes", "users"),
    ("GET", "/users/{user_id:int}/notifications", "notifications"),
    ("GET", "/accounts/{account_id:int}", "accounts"),
    ("GET", "/accounts/{account_id:int}/transactions", "transactions"),
    ("GET", "/accounts/{account_id:int}/spending", "analytics"),
    ("POST", "/payments", "payments"),
    ("GET", "/payments/{payment_id:int}", "payments"),
)

SCHEMA = "create table if not exists visits (route text primary key, visits integer not null);"


def create(data: Path, peers: Mapping[str, str]) -> FastAPI:
    """The gateway with its store under `data`, in front of the neighbours in `peers`."""
    store, calls = Store(data / "gateway.db", SCHEMA), Calls(peers)
    app = FastAPI(title="gateway", lifespan=closing(store, calls))
    app.state.telemetry = instrument(app, service="gateway")
    app.include_router(health)
    for method, route, peer in ROUTES:
        app.add_api_route(route, forward(store, calls, f"{method} {route}", peer), methods=[method])
    return app


def forward(store: Store, calls: Calls, route: str, peer: str) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that passes the request to `peer` and its answer back as it is, and remembers the visit."""

    async def endpoint(request: Request) -> Response:
        store.write("insert into visits values (?, 1) on conflict do update set visits = visits + 1", route)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        answer = await calls.send(peer, request.method, asked, await request.body())
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    return endpoint
