"""A TCP address that is ours, and the HTTP server that answers on it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from .errors import CollectorError

KEEP_ALIVE: Final = 75
"""Seconds an idle connection is kept: longer than the SDKs' 60 s between exports, so that none is closed as it is about to be used."""


def cannot_listen(host: str, port: int, option: str, error: OSError | RuntimeError | None = None) -> CollectorError:
    """Why an address could not be had, and `option`, which chooses another."""
    where = f"can't listen on {host} port {port}"
    if error is None or (isinstance(error, OSError) and error.errno == errno.EADDRINUSE):
        return CollectorError(
            f"{where}: the port is in use by another process; stop it, or choose another port with {option}"
        )
    if isinstance(error, PermissionError):
        return CollectorError(f"{where}: not allowed; choose a port above 1023 with {option}")
    return CollectorError(f"{where}: {error}; choose another address with --host or another port with {option}")


def listen(host: str, port: int, option: str) -> socket.socket:
    """A listening socket on the address, on a free port where `port` is 0. Raises CollectorError naming `option` (`--otlp-http-port`)."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise cannot_listen(host, port, option, error) from error


def listen_unix(path: Path) -> socket.socket:
    """A listening unix socket that its owner and group may use; one that a dead process left is replaced. Raises CollectorError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and not _answers(path):
            path.unlink()
        sock.bind(str(path))
        path.chmod(0o660)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise CollectorError(
            f"can't listen on {path}: {error.strerror or error}; choose another path for the socket"
        ) from error
    return sock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


class HttpServer:
    """An ASGI application on an address of its own, in the running event loop. The address is taken at once; see `listen`."""

    def __init__(self, app: Callable[..., Any], host: str, port: int, *, option: str, grace: int = 10) -> None:
        self._socket = listen(host, port, option)
        self.port = int(self._socket.getsockname()[1])
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
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=grace,
            )
        )
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serves from when this returns. The process's signals are left to the process, which `uvicorn.Server.serve` would take."""
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._socket])
        self._ticking = asyncio.create_task(self._server.main_loop(), name=f"http on port {self.port}")

    async def stop(self) -> None:
        """Takes no new connections, lets the requests under way be answered for `grace` seconds, then ends."""
        if self._ticking is None:
            self._socket.close()
            return
        self._server.should_exit = True
        await self._ticking
        await self._server.shutdown(sockets=[self._socket])
