"""A TCP address that is ours, and the HTTP server that answers on it. Addresses are taken first and listened on later."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from ..errors import CollectorError

KEEP_ALIVE: Final = 75
"""Seconds an idle connection is kept: longer than the SDKs' 60 s between exports, so that none is closed as it is about to be used."""

BACKLOG: Final = 2048
"""Connections that may wait to be let in."""


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


class Address:
    """A TCP address that is taken at once, on a free port where `port` is 0. Who connects is refused until `listen`, not kept waiting.

    Raises CollectorError naming `option` (`--otlp-http-port`), which chooses another.
    """

    def __init__(self, host: str, port: int, option: str) -> None:
        self._host = host
        self._option = option
        try:
            self.socket = _bound(host, port)
        except OSError as error:
            raise cannot_listen(host, port, option, error) from error
        self.port = int(self.socket.getsockname()[1])
        """The port that is taken."""

    def listen(self) -> socket.socket:
        """Lets connections in. Raises CollectorError where somebody else, who started at the same time, was the first to."""
        try:
            self.socket.listen(BACKLOG)
        except OSError as error:
            raise cannot_listen(self._host, self.port, self._option, error) from error
        return self.socket

    def close(self) -> None:
        """Lets it go."""
        self.socket.close()


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        # Connections that ended a moment ago don't keep the address; who listens on it does.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def listen_unix(path: Path) -> socket.socket:
    """A listening unix socket that its owner and group may use; one that a dead process left is replaced. Raises CollectorError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and not _answers(path):
            path.unlink()
        sock.bind(str(path))
        path.chmod(0o660)
        sock.listen(BACKLOG)
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
    """An ASGI application on an address of its own, in the running event loop."""

    def __init__(self, app: Callable[..., Any], address: Address, *, grace: int = 10) -> None:
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
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=grace,
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
        """Takes no new connections, lets the requests under way be answered for `grace` seconds, then ends."""
        if self._ticking is None:
            self.close()
            return
        self._server.should_exit = True
        await self._ticking
        await self._server.shutdown(sockets=[self._address.socket])
