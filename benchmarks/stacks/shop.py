"""The application that all variants of the overhead benchmark serve, and the request they are asked."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

SILENT: Final = {"tracing": False, "metrics": False, "logs": False}
UNSAMPLED: Final = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")
SAMPLED: Final = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-01")
HEADERS: Final = [
    (b"host", b"shop.example"),
    (b"user-agent", b"benchmark/1"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip"),
    (b"connection", b"keep-alive"),
]
FEW: Final = 1
MANY: Final = 100


def shop(routes: int = FEW, telemetry: Any = SILENT) -> FastAPI:
    """A FastAPI application whose last route is the one that is called. FastAPI's own telemetry is off unless asked for."""
    app = FastAPI(telemetry=telemetry)
    for number in range(routes - 1):
        app.add_api_route(f"/other{number}/{{x}}", _item)
    app.add_api_route("/items/{x}", _item)
    return app


def scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """One request as a server hands it on."""
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/items/42", "raw_path": b"/items/42", "query_string": b"", "root_path": "",
        "headers": headers, "client": ("192.0.2.1", 4711), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


async def _item(x: int) -> dict[str, int]:
    return {"x": x}
