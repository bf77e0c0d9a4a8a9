"""A Unix socket's path that is ours while we listen on it."""

from __future__ import annotations

import socket
from pathlib import Path

from ..errors import CollectorError
from .address import BACKLOG


class UnixAddress:
    """Listened on at once, by its owner and group; a socket that a dead process left is replaced. Raises CollectorError."""

    def __init__(self, path: Path) -> None:
        self._path: Path | None = path
        self.socket = _listening(path)

    def close(self) -> None:
        """Lets the path go. From then on it may be somebody else's."""
        self.socket.close()
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)


def _listening(path: Path) -> socket.socket:
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
