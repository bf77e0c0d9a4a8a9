"""Where lines of embedded metrics go: this process's standard output, a file, or the CloudWatch agent's TCP or UDP port.

Used by the export thread only. What can't be written raises `OSError`, and nothing of it counts as written.
"""

from __future__ import annotations

import logging
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

AGENT_PORT: Final = 25_888
"""The CloudWatch agent's, for both protocols."""
LARGEST_DATAGRAM: Final = 65_507

_log = logging.getLogger("fournines.instrumentation")


class TooLarge(OSError):
    """A line that this way can never take."""


class Way(Protocol):
    """Writes lines, each whole."""

    def write(self, line: str, timeout: float) -> None:
        """Writes one line, waiting at most about `timeout` seconds. Raises `OSError` where it can't; `TooLarge` where it never could."""

    def close(self) -> None:
        """Lets go of what is open in this process; a later `write` opens it anew."""


class FakeWay:
    """Keeps the lines it takes; raises `errors` first, one a line, where one of them is not None."""

    def __init__(self, *errors: OSError | None) -> None:
        self.errors, self.lines, self.closed = list(errors), list[str](), 0

    def write(self, line: str, timeout: float) -> None:
        """Takes a line, or raises."""
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        self.lines.append(line)

    def close(self) -> None:
        """Is counted."""
        self.closed += 1


def way(address: str) -> Way | None:
    """The way an address means; None, with one clear log line, where it means none."""
    if address.lower() in ("stdout", "-", "stdout:"):
        return Stdout()
    try:
        parts = urlsplit(address)
        if parts.scheme in ("tcp", "udp") and parts.hostname:
            return _AGENTS[parts.scheme](parts.hostname, parts.port or AGENT_PORT)
        if parts.scheme == "file" and parts.path:
            return File(Path(unquote(parts.path)))
        if not parts.scheme and "/" in address:
            return File(Path(address))
    except ValueError:
        pass  # said below, as for any other text
    _log.warning("FOURNINES_EMF=%r is no stdout, file, tcp:// or udp:// address; embedded metrics are off", address)
    return None


class Stdout:
    """The standard output, whatever it is at the time. A reader that hangs is waited for no longer than the time-out."""

    def write(self, line: str, timeout: float) -> None:
        """One line, at once."""
        stream = sys.stdout
        if stream is None:
            raise OSError("there is no standard output")
        _wait_until_writable(stream, timeout)
        try:
            stream.write(line + "\n")
            stream.flush()
        except ValueError as error:
            raise OSError("the standard output is closed") from error

    def close(self) -> None:
        """It is not ours to close."""


class File:
    """A file that lines are added to. It is opened for each: whoever rotates it need not tell us."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, line: str, timeout: float) -> None:
        """One line at the end of the file."""
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode("ascii") + b"\n")

    def close(self) -> None:
        """It is closed."""


class _Agent:
    """The agent's address, and the socket there is to it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Closes the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Tcp(_Agent):
    """The agent's TCP port, on one connection that is kept."""

    def write(self, line: str, timeout: float) -> None:
        """One line; a connection that fails is closed, and the next line opens another."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, timeout)
            self._socket.settimeout(timeout)
            self._socket.sendall(line.encode("ascii") + b"\n")
        except OSError:
            self.close()
            raise


class Udp(_Agent):
    """The agent's UDP port: one datagram a line, and nobody says whether it came."""

    def write(self, line: str, timeout: float) -> None:
        """One datagram."""
        data = line.encode("ascii") + b"\n"
        if len(data) > LARGEST_DATAGRAM:
            raise TooLarge("the line is larger than a datagram")
        try:
            if self._socket is None:
                family, kind, protocol, _, found = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
                self._socket = socket.socket(family, kind, protocol)
                self._socket.connect(found)
            self._socket.settimeout(timeout)
            self._socket.send(data)
        except OSError:
            self.close()
            raise


_AGENTS: Final[dict[str, Callable[[str, int], Way]]] = {"tcp": Tcp, "udp": Udp}


def _wait_until_writable(stream: Any, timeout: float) -> None:
    try:
        number = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return  # a stream in memory, which takes everything
    try:
        _, writable, _ = select.select([], [number], [], timeout)
    except (OSError, ValueError):
        return  # what can't be asked (a file on some systems) does not block
    if not writable:
        raise OSError("the standard output takes nothing")
