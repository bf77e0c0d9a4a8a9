"""Where counts come from: the one question the domain asks, and the arrays it wants for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .arithmetic import BoolArray, FloatArray, IntArray
from .window import Interval, Window


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a source counted. Rows are the SLOs asked for, columns the windows asked for.

    `total` holds the events of `good`, `estimated` ones that nobody sent (always bad), and all other bad ones. `since` is the epoch
    second from which the SLO is observed, -1 for never; `heard` the epoch seconds of its service's last export, nan for never;
    `silent` whether the service stopped reporting without a good-bye.
    """

    good: IntArray
    total: IntArray
    estimated: IntArray
    since: IntArray
    heard: FloatArray
    silent: BoolArray


class HistoryPoint(NamedTuple):
    """Events of the step that starts at epoch second `t`."""

    t: int
    good: int
    total: int


class EventSource(Protocol):
    """Whoever has the counts: the ledger, or a Prometheus-compatible engine."""

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        """Counts of every SLO in every window, each over `window.interval(now)`. An SLO it does not know has zeroes and is never heard."""
        ...

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Counts of one SLO in steps of `step` seconds from `interval.start`; empty steps are left out."""
        ...
