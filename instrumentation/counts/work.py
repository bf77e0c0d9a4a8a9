"""What is counted of work: the same recording as of requests, with the same two outlets.

Names and attributes are those of the semantic conventions for messaging where they have one:
https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/#metric-messagingprocessduration
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .. import names
from .durations import Durations
from .point import Attribute, Gained, Held

Pairs = tuple[tuple[str, Attribute], ...]
"""The attributes of one series."""

OVERFLOW: Final[Pairs] = ((names.OVERFLOW, True),)


class Metric(NamedTuple):
    """A metric's name in OTLP and on `/metrics`, and what it says."""

    name: str
    prometheus: str
    text: str


OPERATIONS: Final = Metric(names.OPERATION_DURATION, names.PROM_OPERATION_DURATION, "Duration of operations.")
MESSAGES: Final = Metric(names.PROCESS_DURATION, names.PROM_PROCESS_DURATION, "Duration of processing messages.")


class Measured(NamedTuple):
    """What one metric gained since the last seal, and between which boundaries."""

    metric: Metric
    boundaries: tuple[float, ...]
    points: list[Gained[Pairs]]


class Shown(NamedTuple):
    """What one metric holds since the process began."""

    metric: Metric
    boundaries: tuple[float, ...]
    totals: list[Held[Pairs]]


class WorkCounts:
    """The durations of one service's operations and messages."""

    def __init__(self, boundaries: tuple[float, ...]) -> None:
        self.operations = Durations[Pairs](boundaries, _beyond)
        self.messages = Durations[Pairs](boundaries, _beyond)

    @property
    def overflowed(self) -> int:
        """Series that found no room of their own."""
        return self.operations.overflowed + self.messages.overflowed

    def seal(self, since: float) -> list[Measured]:
        """What there is to say since the last time; for one exporter only."""
        sealed = [Measured(metric, of.boundaries, of.seal(since)) for metric, of in self._each()]
        return [one for one in sealed if one.points]

    def shown(self) -> list[Shown]:
        """Every metric in which something was counted, as it stands."""
        held = [Shown(metric, *of.shown()) for metric, of in self._each()]
        return [one for one in held if one.totals]

    def forget(self) -> None:
        """Begins anew: a forked child must not report its parent's work."""
        self.operations.forget()
        self.messages.forget()

    def _each(self) -> tuple[tuple[Metric, Durations[Pairs]], ...]:
        return (OPERATIONS, self.operations), (MESSAGES, self.messages)


def _beyond(key: Pairs) -> Pairs:
    """The specification's overflow set (metrics SDK, cardinality limits); what failed still counts as failed."""
    failed = any(name == names.ERROR_TYPE for name, _ in key)
    return (*OVERFLOW, (names.ERROR_TYPE, names.OTHER)) if failed else OVERFLOW
