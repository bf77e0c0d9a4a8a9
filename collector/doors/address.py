"""A TCP address that is ours: taken first, and listened on later."""

from __future__ import annotations

import errno
import socket
from typing import Final

from ..errors import CollectorError

BACKLOG: Final = 2048
"""Connections that may wait to be let in."""


def cannot_listen(host: str, port: int, option: str, error: OSError) -> CollectorError:
    """Why an address could not be had, and `option`, which chooses another."""
    where = f"can't listen on {host} port {port}"
    if error.errno == errno.EADDRINUSE:
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
