"""What alert policies ask for, in burn rules: OpenSLO gives a policy one condition with one window, a burn rule has two.

The long window is the condition's, the factor its threshold. `alertAfter` keeps blips from alerting, and so does a short window: it
is as long as that, or where nothing is said a twelfth of the long one, as the SRE Workbook has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ..burn import BurnRule, Severity
from ..calendar_window import TimeWindow
from ..errors import InvalidValue
from ..window import BUCKET, Window
from .alert_shapes import AlertConditionEntry, AlertConditionRule, AlertConditionSpec, AlertPolicyEntry, AlertPolicySpec
from .document import Steps
from .margin import Margin

_PAGES: Final = frozenset(
    {"page", "pager", "critical", "crit", "emergency", "urgent", "high", "sev0", "sev1", "p0", "p1"}
)
_TICKETS: Final = frozenset(
    {"ticket", "warning", "warn", "low", "medium", "info", "sev2", "sev3", "sev4", "p2", "p3", "p4"}
)
_SHORTER: Final = 12
"""The workbook's advice: the short window is a twelfth of the long one."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Alert policies and conditions by name."""

    policies: Mapping[str, AlertPolicySpec]
    conditions: Mapping[str, AlertConditionSpec]

    def rules(
        self, entries: Sequence[AlertPolicyEntry], window: TimeWindow, margin: Margin
    ) -> tuple[BurnRule, ...] | None:
        """The burn rules of an SLO's policies; None where no policy asks for any. What can't be had is noted or remarked."""
        rules: list[BurnRule] = []
        asked = False
        for index, entry in enumerate(entries):
            at: Steps = ("spec", "alertPolicies", index)
            policy = entry.spec or self.policies.get(entry.alert_policy_ref or "")
            if policy is None:
                continue
            asked = True
            rules += self._rules(policy, window, margin, at)
        return tuple(dict.fromkeys(rules)) if asked else None

    def _rules(self, policy: AlertPolicySpec, window: TimeWindow, margin: Margin, at: Steps) -> Iterator[BurnRule]:
        _remark_on_flags(policy, margin, at)
        if not policy.tells_of_burn:
            return
        for condition in policy.conditions:
            spec = self._condition(condition)
            if spec is not None:
                yield from _rule(spec, window, margin, at)

    def _condition(self, entry: AlertConditionEntry) -> AlertConditionSpec | None:
        return entry.spec or self.conditions.get(entry.condition_ref or "")


def _remark_on_flags(policy: AlertPolicySpec, margin: Margin, at: Steps) -> None:
    if policy.alert_when_resolved is False:
        margin.remark(
            at, "alertWhenResolved: false has no effect: receivers that know alerts by state are told of their end"
        )
    if policy.alert_when_no_data is False:
        margin.remark(
            at, "alertWhenNoData: false has no effect: the silence of a service is always an alert of its own"
        )


def _rule(spec: AlertConditionSpec, window: TimeWindow, margin: Margin, at: Steps) -> Iterator[BurnRule]:
    condition = spec.condition
    if condition.op in ("lt", "lte"):
        margin.note(at, f"a burn rate below a threshold alerts nobody: write gt, not {condition.op}")
        return
    try:
        yield BurnRule(_severity(spec.severity, margin, at), *_pair(condition, window, margin, at))
    except InvalidValue as error:
        margin.note(at, f"its condition can't be a burn rule: {error}")


def _pair(
    condition: AlertConditionRule, window: TimeWindow, margin: Margin, at: Steps
) -> tuple[Fraction, Window, Window]:
    """Share of the budget, long and short window."""
    long = Window.parse(condition.lookback_window)
    share = Fraction(condition.threshold) * long.seconds / window.seconds
    usual = Window(max(BUCKET, long.seconds // _SHORTER // BUCKET * BUCKET))
    if condition.alert_after == "0m":
        return share, long, usual
    after = Window.parse(condition.alert_after)
    if after < long:
        return share, long, after
    margin.remark(
        at,
        f"alertAfter: {after} is no shorter than lookbackWindow: {long}, and so can't be its short window: that is {usual} now",
    )
    return share, long, usual


def _severity(word: str, margin: Margin, at: Steps) -> Severity:
    if word.lower() in _PAGES:
        return Severity.PAGE
    if word.lower() not in _TICKETS:
        margin.remark(at, f"the severity `{word}` is taken for a ticket; write page for what wakes somebody")
    return Severity.TICKET
