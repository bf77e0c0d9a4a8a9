"""What an SLI counts, before a service and a threshold make an `SLI` of it: events, answers to queries, or other SLOs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from ..composite import Composite
from ..errors import InvalidValue
from ..queries import Queries
from ..sli import NANOSECONDS, PROBE, PROMQL, SLI, SLOS, SPANS, XRAY, Condition, SLIKind
from .event_specs import TotalSpec

_STEP: Final = "1m"
"""How often a value is held against its threshold: as often as most engines scrape it, or more seldom."""

_COMPARED: Final = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
_CLOCKED: Final = frozenset({SPANS, XRAY, PROBE})
"""Signals that give each duration in whole nanoseconds; metrics give histograms."""


class Threshold(NamedTuple):
    """The side of a value that is good."""

    op: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class EventRatio:
    """The events of `source`, by the conditions of `good` or `bad`; without either the table of `classify` decides."""

    source: TotalSpec
    good: tuple[Condition, ...] = ()
    bad: tuple[Condition, ...] = ()

    def sli(self, service: str, _threshold: Threshold | None = None) -> SLI:
        """The SLI of a promise of `service`."""
        return _of_events(self.source, SLIKind.AVAILABILITY, service, good=self.good, bad=self.bad)


@dataclass(frozen=True, slots=True)
class EventThreshold:
    """The durations of the events of `source`."""

    source: TotalSpec

    def sli(self, service: str, threshold: Threshold) -> SLI:
        """The SLI of a promise of `service`; raises `InvalidValue` for a side of a threshold that can't be told."""
        return _of_events(self.source, SLIKind.LATENCY, service, threshold=self._most(threshold))

    def _most(self, threshold: Threshold) -> Decimal:
        """The longest duration that is good, in seconds."""
        op, value = threshold
        if value <= 0:
            raise InvalidValue(f"a latency threshold is more than 0 seconds, not {value}")
        if op in ("gte", "gt"):
            raise InvalidValue(
                f"{op} would promise slow requests; write lte: requests at or below the threshold are good"
            )
        if op == "lt" and self.source.signal not in _CLOCKED:
            raise InvalidValue(
                "lt can't be told from a histogram, whose buckets hold what equals their boundary; write lte, or use the signal `spans`"
            )
        return value if op == "lte" else value - Decimal(1) / NANOSECONDS


@dataclass(frozen=True, slots=True)
class QueryRatio:
    """What an engine answers to `queries`."""

    queries: Queries

    def sli(self, service: str, _threshold: Threshold | None = None) -> SLI:
        """The SLI of a promise of `service`."""
        return SLI(SLIKind.AVAILABILITY, service, PROMQL, promql=self.queries)


@dataclass(frozen=True, slots=True)
class QueryThreshold:
    """The share of time in which what an engine answers to `query` is on the good side. `InvalidValue` where it names a window."""

    query: str
    engine: str

    def __post_init__(self) -> None:
        if Queries(raw=self.query).is_windowed:
            raise InvalidValue(f"a threshold's query is asked every {_STEP}: write how far it looks back, such as [5m]")

    def sli(self, service: str, threshold: Threshold) -> SLI:
        """The SLI of a promise of `service`."""
        held = f"({self.query}) {_COMPARED[threshold.op]} bool {threshold.value:f}"
        queries = Queries(raw=f"avg_over_time(({held})[{{{{.window}}}}:{_STEP}])", source=self.engine)
        return SLI(SLIKind.AVAILABILITY, service, PROMQL, promql=queries)


@dataclass(frozen=True, slots=True)
class Combined:
    """Other SLOs."""

    composite: Composite

    def sli(self, service: str, _threshold: Threshold | None = None) -> SLI:
        """The SLI of a promise of `service`."""
        return SLI(SLIKind.AVAILABILITY, service, SLOS, composite=self.composite)


Ratio = EventRatio | QueryRatio | Combined
Measured = EventThreshold | QueryThreshold
"""What is good by which side of a threshold it is on; an objective says which."""

Indicator = Ratio | Measured


def _of_events(source: TotalSpec, kind: SLIKind, service: str, **what: object) -> SLI:
    return SLI(
        kind=kind,
        service=source.service or service,
        signal=source.signal,
        span_kind=source.span_kind,
        where=tuple(source.where),
        **what,  # type: ignore[arg-type] # each is a field of SLI, as the two callers above say
    )
