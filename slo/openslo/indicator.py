"""What an SLI counts, before a service and a threshold make an `SLI` of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..sli import SLI, Condition, SLIKind
from .metric_source import TotalSpec


@dataclass(frozen=True, slots=True)
class Indicator:
    """The events of `source`, by the conditions of `good` or `bad`; without either the table of `classify` decides."""

    kind: SLIKind
    source: TotalSpec
    good: tuple[Condition, ...] = ()
    bad: tuple[Condition, ...] = ()

    def sli(self, service: str, threshold: Decimal | None) -> SLI:
        """The SLI of a promise of `service`; raises `InvalidValue` unless a threshold comes with latency, and with it alone."""
        return SLI(
            kind=self.kind,
            service=self.source.service or service,
            signal=self.source.signal,
            span_kind=self.source.span_kind,
            threshold=threshold,
            where=tuple(self.source.where),
            good=self.good,
            bad=self.bad,
        )
