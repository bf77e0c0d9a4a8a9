"""The SLOs that a service gets when nobody wrote down any."""

from __future__ import annotations

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
