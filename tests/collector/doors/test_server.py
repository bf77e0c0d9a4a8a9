"""The HTTP server of ASGI applications."""

from __future__ import annotations

import asyncio

from fournines.collector import Address, HttpServer


async def _nothing(scope, receive, send):
    """An application that is never asked."""


def test_a_server_that_never_started_gives_its_port_back():
    """Stopping before starting frees the port."""
    server = HttpServer(_nothing, Address("127.0.0.1", 0, "--port"))
    asyncio.run(server.stop())
    again = HttpServer(_nothing, Address("127.0.0.1", server.port, "--port"))
    asyncio.run(again.stop())

    assert server.port == again.port
