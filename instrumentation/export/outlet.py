"""What else leaves by the export thread, beside the counts: what it asks of the ways out, each question apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ..counts.point import Point
from ..identity import Resource

Sealing = Callable[[Resource, float, Sequence[Point], Sequence[float]], None]
"""Is told what was counted since the last time, until when (epoch seconds), and the boundaries it was counted by."""


class Outlet(Protocol):
    """One more way out. Used by the export thread only, except `waiting`."""

    @property
    def waiting(self) -> int:
        """Batches and entries that did not leave yet."""

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> float:
        """Sends what waits, until `until`; says when it is due again, both in steady seconds, and inf where nothing is.

        `impatient` ignores back-offs, for a flush and for the good-bye.
        """


class Connected(Protocol):
    """What holds connections, and what waits to leave by them."""

    def close(self) -> None:
        """Lets go of connections; they are opened anew by whoever sends again."""

    def forget(self) -> None:
        """Begins anew in a forked child: what waits is the parent's to send, and the connection is the parent's."""


class Ways(NamedTuple):
    """All the ways out beside the counts' own.

    beside   asked whenever they are due
    behind   to the receiver of the counts: not asked while those can't go there
    told     told of counts that are sealed
    held     closed at the end, and forgotten in a child; the counts' own way is one
    """

    beside: Sequence[Outlet] = ()
    behind: Sequence[Outlet] = ()
    told: Sequence[Sealing] = ()
    held: Sequence[Connected] = ()


class FakeOutlet:
    """Keeps until when it was pushed, and is due again when the test says."""

    def __init__(self, due: float = float("inf"), waiting: int = 0) -> None:
        self.due, self.waiting = due, waiting
        self.pushed: list[float] = []

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> float:
        """Sends nothing."""
        self.pushed.append(until)
        return self.due
