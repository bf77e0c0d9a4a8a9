"""The backtest itself: every SLO's counts are read once, and every policy is replayed over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...slo import SLO, Unit
from ..errors import BacktestError
from .burn_history import BurnHistory
from .history import HistorySource, Span, read_history
from .incident import Incidents, found
from .policy import AlertRule, Policy
from .replay import replay
from .verdict import Verdict, judge


class Result(NamedTuple):
    """What came of it: a verdict an SLO under each policy's name, and what could not be compared, in words."""

    span: Span
    policies: tuple[Policy, ...]
    verdicts: Mapping[str, Sequence[Verdict]]
    remarks: tuple[str, ...]


def nobody(_share: float) -> None:
    """Whom progress concerns when nobody asked."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What is replayed: whose counts, over which time, held against which incidents. `tell` hears how far it is, from 0 to 1."""

    source: HistorySource
    span: Span
    incidents: Incidents = found
    tell: Callable[[float], None] = nobody

    def run(self, slos: Sequence[SLO], policies: Sequence[Policy]) -> Result:
        """Every policy for every SLO. What can't be compared (an SLO without events, windows that don't fit the steps) is a remark.

        Raises BacktestError where nothing is left, and whatever the source raises.
        """
        made = _Made({policy.name: [] for policy in policies})
        for number, slo in enumerate(slos):
            self.tell(number / len(slos))
            self._replay(slo, policies, made)
        self.tell(1)
        compared = tuple(policy for policy in policies if made.verdicts[policy.name])
        if not compared:
            raise BacktestError("\n".join(["there is nothing to compare", *made.remarks]))
        return Result(self.span, compared, made.verdicts, tuple(made.remarks))

    def _replay(self, slo: SLO, policies: Sequence[Policy], made: _Made) -> None:
        if slo.unit is not Unit.EVENTS:
            made.remarks[f"{slo.name} is left out: its budget is one of {slo.unit.value}, and counts are events"] = None
            return
        rules = {policy: rules for policy in policies if (rules := self._rules(policy, slo, made))}
        windows = (window.seconds for each in rules.values() for rule in each for window in rule.windows)
        history = read_history(self.source, slo.name, self.span, max([slo.window.seconds, *windows]))
        if history.since < 0:
            made.remarks[f"{slo.name} has no events in this time"] = None
            return
        burns = BurnHistory(slo, history)
        incidents = self.incidents(burns)
        for policy, its in rules.items():
            alerts = replay(its, burns, inhibits=policy.inhibits)
            made.verdicts[policy.name].append(judge(alerts, incidents, burns))

    def _rules(self, policy: Policy, slo: SLO, made: _Made) -> tuple[AlertRule, ...]:
        """The policy's alerts; none, and a remark, where it has none for this SLO or they don't fit."""
        try:
            rules = policy.rules(slo)
        except BacktestError as error:
            made.remarks[f"{policy.name} is left out for {slo.name}: {error}"] = None
            return ()
        unfit = sorted({window for rule in rules for window in rule.windows if not self.span.fits(window)})
        if unfit:
            made.remarks[f"{policy.name} is left out: {unfit[0]} is no multiple of steps of {self.span.step} s"] = None
            return ()
        if not rules:
            made.remarks[f"{policy.name} has no rules for {slo.name}"] = None
        return rules


@dataclass(frozen=True, slots=True)
class _Made:
    """What there is so far. Remarks stay in their order, each once."""

    verdicts: dict[str, list[Verdict]]
    remarks: dict[str, None] = field(default_factory=dict)
