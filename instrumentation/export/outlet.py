"""What else leaves by the export thread, beside the counts and the spans: the seam between `exporter.py` and the outlets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..counts.point import Point
from ..identity import Resource


class Outlet(Protocol):
    """One more way out. Used by the export thread only, except `waiting`."""

    @property
    def receiver(self) -> str:
        """The `host:port` it sends OTLP to; empty where it is none. Where the counts can't go, that receiver is not asked either."""

    @property
    def waiting(self) -> int:
        """Batches and entries that did not leave yet."""

    @property
    def next_attempt(self) -> float:
        """When `push` is due again, in steady seconds; inf where nothing is."""

    def sealed(self, resource: Resource, end: float, points: Sequence[Point], boundaries: Sequence[float]) -> None:
        """Is told what was counted since the last time, until `end` (epoch seconds)."""

    def push(self, resource: Resource, until: float, *, impatient: bool = False) -> None:
        """Sends what waits, until `until` (steady seconds); `impatient` ignores back-offs, for a flush and for the good-bye."""

    def close(self) -> None:
        """Lets go of connections; a later `push` opens them anew."""

    def forget(self) -> None:
        """Begins anew in a forked child: what waits is the parent's to send, and the connection is the parent's."""
