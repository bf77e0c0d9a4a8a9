"""What a message needs to know beside the numbers: what fails, what changed, an example. Asked of whoever keeps that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ...slo import SLO, EventCount, Interval


class Cause(NamedTuple):
    """What some failed events had in common, and how many they were; a field is empty where they said nothing."""

    route: str = ""
    status: str = ""
    error: str = ""
    version: str = ""
    failed: int = 0


class Rollout(NamedTuple):
    """A version that went out: when that began and ended (epoch seconds; None: not known, or under way), and who did it."""

    version: str
    began: float
    ended: float | None = None
    rolled_back: float | None = None
    author: str = ""
    commit: str = ""


class Example(NamedTuple):
    """A kept trace that shows the failure; `at` is when it began (epoch seconds)."""

    trace: str
    route: str
    status: str
    at: float


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of an SLO's bad events in an interval; what is not known is empty.

    `causes` and `instances` are the largest by name, of `failed` in all; `counted` are the events of the interval, where they are
    events of requests; `rollout` is the newest deployment that had begun.
    """

    interval: Interval
    causes: tuple[Cause, ...] = ()
    instances: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    counted: EventCount | None = None
    rollout: Rollout | None = None
    example: Example | None = None


class ContextSource(Protocol):
    """Whoever keeps what failed, what was deployed, and traces."""

    def context(self, slo: SLO, interval: Interval) -> Context:
        """What is known of an SLO in an interval of whole minutes. Quick, and never raises: what can't be known is left out."""
        ...


@dataclass(frozen=True)
class FakeContexts:
    """Answers what it is told, by SLO: for tests, and for whoever keeps nothing."""

    known: Mapping[str, Context] = field(default_factory=dict)

    def context(self, slo: SLO, interval: Interval) -> Context:
        """What it was told; nothing where it was told nothing."""
        return self.known.get(slo.name, Context(interval))
