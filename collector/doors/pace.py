"""How long senders may take, and how long they are made to wait."""

from __future__ import annotations

from typing import Final, NamedTuple


class Pace(NamedTuple):
    """Seconds.

    A sender may be silent within a request for `silence`, and take `silence` for a head and `request` for a whole request; an idle
    connection is kept for `idle`: longer than the SDKs' 60 s between exports, so that none is closed as it is about to be used.
    A commit may take `commit` before the sender is told to come again, a TLS handshake `handshake`: two answers on the longest of ways.
    """

    silence: float = 30.0
    request: float = 120.0
    idle: float = 75.0
    commit: float = 30.0
    handshake: float = 10.0

    def is_late(self, silent: float, age: float) -> bool:
        """Whether the rest of a request that is this old, and was silent for so long, is waited for no more."""
        return silent > self.silence or age > self.request

    @property
    def look(self) -> float:
        """How often connections are looked at."""
        return min(1.0, min(self) / 4)


PACE: Final = Pace()
