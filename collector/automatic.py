"""A service that was heard, and the two SLOs it gets when nobody wrote down any."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from ..slo import HTTP_SERVER_DURATION, SLI, SLO, SPANS, NoData, Objective, Origin, SLIKind

REMEMBERED: Final = 4_000
"""Services whose two SLOs need not be made again."""

AVAILABILITY: Final = Objective(Decimal("0.9999"))
LATENCY: Final = Objective(Decimal("0.99"))
LATENCY_THRESHOLD: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that was heard. `counted` is when it first sent something that counts; `pinned` the signal that counts for good.

    `metrics`, `spans` and `segments` say what it ever sent of the kind that counts: X-Ray's segments are kept apart from OTLP's spans.
    `heard` is when it was heard last, and may be a day behind; 0 where nobody wrote it down.
    """

    name: str
    first: float
    counted: float | None = None
    metrics: bool = False
    spans: bool = False
    pinned: str | None = None
    segments: bool = False
    heard: float = 0.0

    @property
    def signal(self) -> str:
        """What its automatic SLOs show: metrics unless only spans or segments were seen."""
        traced = (self.spans or self.segments) and not self.metrics
        return self.pinned or (SPANS if traced else HTTP_SERVER_DURATION)


@lru_cache(REMEMBERED)
def automatic_slos(service: str, signal: str = HTTP_SERVER_DURATION) -> tuple[SLO, SLO]:
    """What a service promises when nobody wrote down anything: 99.99 % answered, 99 % of them within 250 ms, over 30 days."""
    availability = SLI(SLIKind.AVAILABILITY, service, signal)
    latency = SLI(SLIKind.LATENCY, service, signal, threshold=LATENCY_THRESHOLD)
    return (
        SLO(f"{service}-availability", availability, AVAILABILITY, no_data=NoData.BAD, origin=Origin.AUTOMATIC),
        SLO(f"{service}-latency", latency, LATENCY, no_data=NoData.BAD, origin=Origin.AUTOMATIC),
    )
