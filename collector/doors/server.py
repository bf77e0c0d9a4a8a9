"""An HTTP server for ASGI applications: the pages, and what X-Ray's SDKs ask over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import uvicorn

from .address import Address
from .pace import PACE

GRACE_SECONDS: Final = 10


class HttpServer:
    """An ASGI application on an address of its own, in the running event loop."""

    def __init__(self, app: Callable[..., Any], address: Address) -> None:
        self._address = address
        self.port = address.port
        """The port that is listened on."""
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=int(PACE.idle),
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serves from when this returns; raises CollectorError as `Address.listen` does.

        The process's signals are left to the process, which `uvicorn.Server.serve` would take.
        """
        sock = self._address.listen()
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[sock])
        self._ticking = asyncio.create_task(self._server.main_loop(), name=f"http on port {self.port}")

    def close(self) -> None:
        """Lets the address go, of a server that was never started too."""
        self._address.close()

    async def stop(self) -> None:
        """Takes no new connections, lets the requests under way be answered for `GRACE_SECONDS`, then ends."""
        if self._ticking is None:
            self.close()
            return
        self._server.should_exit = True
        await self._ticking
        await self._server.shutdown(sockets=[self._address.socket])
