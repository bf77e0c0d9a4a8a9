"""An alert policy: which alerts there are for an SLO, when each holds, and how long it waits and stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from ...slo import SLO, Severity, Window


@dataclass(frozen=True, slots=True)
class Clause:
    """Holds while each of its windows burns above `factor`, on `least` bad events or more in the first of them."""

    windows: tuple[Window, ...]
    factor: Fraction
    least: int = 0


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert: it holds while any of its clauses does, fires once it held for `wait` seconds, and is over when clear for `keep`."""

    severity: Severity
    clauses: tuple[Clause, ...]
    wait: int = 0
    keep: int = 0

    @property
    def windows(self) -> frozenset[Window]:
        """Every window it asks about."""
        return frozenset(window for clause in self.clauses for window in clause.windows)


@dataclass(frozen=True, slots=True)
class Policy:
    """A way to alert on any SLO. `says` is it in a sentence; where a page `inhibits`, nobody is told of a ticket meanwhile."""

    name: str
    says: str
    rules: Callable[[SLO], tuple[AlertRule, ...]]
    inhibits: bool = False
