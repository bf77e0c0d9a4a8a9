"""A service that was heard, and the SLOs it gets when nobody wrote down any."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from ...slo import (
    HTTP_SERVER_DURATION,
    MESSAGE_DURATION,
    OPERATION_DURATION,
    SLI,
    SLO,
    SPANS,
    NoData,
    Objective,
    Origin,
    SLIKind,
)

REMEMBERED: Final = 4_000
"""Services whose SLOs need not be made again."""

WORK: Final = (MESSAGE_DURATION, OPERATION_DURATION)
"""What a service without requests is judged by: its messages; or, where it has none, its operations, in which messages may be nested."""

CANDIDATES: Final = (SPANS, *WORK)
"""Signals that automatic SLOs may go over to, each counted apart until it is clear which it is."""

AVAILABILITY: Final = Objective(Decimal("0.9999"))
LATENCY: Final = Objective(Decimal("0.99"))
LATENCY_THRESHOLD: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that was heard. `counted` is when it first sent something that counts; `pinned` the signal that counts for good.

    `metrics`, `spans` and `segments` say what it ever sent of the kind that counts: X-Ray's segments are kept apart from OTLP's spans.
    `heard` is when it was heard last, and may be a day behind; 0 where nobody wrote it down. `work` is the signal of work that is no
    request, where it sent any before it was pinned.
    """

    name: str
    first: float
    counted: float | None = None
    metrics: bool = False
    spans: bool = False
    pinned: str | None = None
    segments: bool = False
    heard: float = 0.0
    work: str | None = None

    @property
    def signal(self) -> str:
        """What its automatic SLOs show: metrics unless only spans or segments were seen, and work where it serves no requests at all."""
        if self.pinned:
            return self.pinned
        if self.metrics:
            return HTTP_SERVER_DURATION
        return SPANS if self.spans or self.segments else self.work or HTTP_SERVER_DURATION


@lru_cache(REMEMBERED)
def automatic_slos(service: str, signal: str = HTTP_SERVER_DURATION) -> tuple[SLO, ...]:
    """What a service promises when nobody wrote down anything: 99.99 % answered, 99 % of them within 250 ms, over 30 days.

    Of work that is no request nobody knows how long it may take: there only that 99.99 % succeed.
    """
    availability = SLI(SLIKind.AVAILABILITY, service, signal)
    latency = SLI(SLIKind.LATENCY, service, signal, threshold=LATENCY_THRESHOLD)
    promised = (
        SLO(f"{service}-availability", availability, AVAILABILITY, no_data=NoData.BAD, origin=Origin.AUTOMATIC),
        SLO(f"{service}-latency", latency, LATENCY, no_data=NoData.BAD, origin=Origin.AUTOMATIC),
    )
    return promised[:1] if signal in WORK else promised
