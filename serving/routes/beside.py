"""Whom pages ask for what is beside the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...alerts.messages.context import Context, Rollout
from ...dashboards import Beside, Shown, Spending, Spent
from ...slo import Interval, Status


class SurroundingSource(Protocol):
    """Whoever knows what failed, what went out and what spent a budget."""

    def beside(self, status: Status, now: float) -> Beside:
        """What the first screen about an SLO says beside its numbers."""
        ...

    def spending(self, name: str, shown: Shown, by: str) -> Spending:
        """What one SLO's failed events had in common, over the time shown, told apart as asked."""
        ...


@dataclass(frozen=True)
class FakeSurroundings:
    """Knows what it is given, of every SLO alike."""

    context: Context | None = None
    rollouts: Sequence[tuple[str, Rollout]] = ()
    parts: Sequence[Spent] = ()
    asked: list[tuple[str, Interval, str]] = field(default_factory=list)

    def beside(self, status: Status, now: float) -> Beside:
        """What is given."""
        return Beside(self.context, self.rollouts)

    def spending(self, name: str, shown: Shown, by: str) -> Spending:
        """The parts given; `asked` is what it was asked for."""
        self.asked.append((name, shown.interval, by))
        return Spending(by, shown.interval, shown.step, self.parts)
