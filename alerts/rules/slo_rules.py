"""The Prometheus rules of one SLO, in two groups.

The fast one, every 30 s: error ratios over windows up to six hours straight from the counter, what is known of the SLO, and its
alerts. The slow one, every 2 minutes: a copy of the counter at two-minute steps and, from that copy, the ratios over longer windows;
30 days are then 21,600 samples a series instead of 172,800, and still counts, never a mean of ratios.

What has no counter is asked of the collector: of slices, composites and queries the ratios are its burn rates times the budget, in one
group. Prometheus could count slices of its own, but these would neither begin nor end where the promise's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ...slo import DAY, HOUR, SLO, BurnRule, Severity, Unit, Window, figures, metric_names
from ...slo.annotations import alerts_off
from .. import names
from . import go_template
from .alert_rule import AlertForm, PrometheusRule
from .further_alerts import EXHAUSTED, exhausted, no_data, spent_by_counts
from .promql import selector
from .rule_labels import own_labels

FAST: Final = Window(30)
SLOW: Final = Window(120)
"""Below Prometheus' look-back of 5 minutes, so that a slow record is never gone between two evaluations."""
FAST_UP_TO: Final = Window(6 * HOUR)

_BAD: Final = {
    Unit.EVENTS: "of the events fail",
    Unit.SLICES: "of the slices are bad",
    Unit.PARTS: "is the share that fails",
}


def is_counted(slo: SLO) -> bool:
    """Whether its events are in the collector's counter, and what it promises is of these."""
    return slo.unit is Unit.EVENTS and slo.sli.promql is None


@dataclass(frozen=True)
class SloRules:
    """The rules of one SLO; `public_url` is where the collector's pages are."""

    slo: SLO
    public_url: str

    @property
    def _identity(self) -> dict[str, str]:
        return {
            names.SLOTH_ID: f"{self.slo.service}-{self.slo.name}",
            names.SLOTH_SERVICE: self.slo.service,
            names.SLOTH_SLO: self.slo.name,
        }

    @property
    def _labels(self) -> dict[str, str]:
        return {**self._identity, **own_labels(self.slo)}

    @property
    def _is_counted(self) -> bool:
        return is_counted(self.slo)

    def groups(self) -> list[dict[str, Any]]:
        """The fast group, and the slow one where any of its windows is long; named as the SLO is, for no two groups may have one name."""
        name, (fast, slow), spent = self.slo.name, self._ratios(), self._budget_alert()
        quick = [*fast, *self._metadata(min(window.rolling for window in self.slo.windows)), *self._alerts()]
        found = [{"name": f"fournines-slo-fast-{name}", "interval": str(FAST), "rules": quick}]
        if not slow:
            quick += spent
            return found
        rules = [self._copy(), *slow, *spent]
        return [*found, {"name": f"fournines-slo-slow-{name}", "interval": str(SLOW), "rules": rules}]

    def _ratios(self) -> tuple[list[PrometheusRule], list[PrometheusRule]]:
        """Those of the fast group, and those of the slow one."""
        windows = {window.rolling: window for window in sorted(self.slo.windows)}
        if not self._is_counted:
            return [self._told(window, str(own)) for window, own in windows.items()], []
        short, long = ([each for each in windows if (each > FAST_UP_TO) is slow] for slow in (False, True))
        return [self._sli(window) for window in short], [self._sli(window) for window in long]

    def _copy(self) -> PrometheusRule:
        """Series by series, so that a counter's reset stays visible to `rate`."""
        expr = selector(metric_names.EVENTS, self._events)
        return {"record": names.RECORD_EVENTS_COPY, "expr": expr, "labels": self._identity}

    @property
    def _events(self) -> dict[str, str]:
        return {names.LABEL_SLO: self.slo.name}

    def _counter(self, window: Window, *, bad: bool) -> str:
        source = metric_names.EVENTS if window <= FAST_UP_TO else names.RECORD_EVENTS_COPY
        only = {metric_names.RESULT: metric_names.BAD} if bad else {}
        return f"{selector(source, {**self._events, **only})}[{window}]"

    def _sli(self, window: Window) -> PrometheusRule:
        """The share of bad events; 0 before the first bad one, nothing at all without traffic (0/0 would spread as NaN)."""
        bad, every = self._counter(window, bad=True), self._counter(window, bad=False)
        return self._recorded(window, f"(sum(rate({bad})) or 0 * sum(rate({every})))\n/\n(sum(rate({every})) > 0)\n")

    def _told(self, window: Window, own: str) -> PrometheusRule:
        """The share of what is bad, as the collector has it of its `own` window of that length; nothing at all without traffic."""
        burn = selector(metric_names.BURN_RATE, {**self._events, metric_names.WINDOW: own})
        return self._recorded(window, f"max({burn}) * {figures.exact(self.slo.objective.allowed)}")

    def _recorded(self, window: Window, expr: str) -> PrometheusRule:
        labels = {**self._labels, names.SLOTH_WINDOW: str(window)}
        return {"record": f"{names.RECORD_SLI_ERROR}{window}", "expr": expr, "labels": labels}

    def _metadata(self, shortest: Window) -> list[PrometheusRule]:
        objective = self.slo.objective
        days = figures.exact(Fraction(self.slo.window.seconds, DAY))
        constants = {
            names.RECORD_OBJECTIVE: f"vector({objective})",
            names.RECORD_ERROR_BUDGET: f"vector({figures.exact(objective.allowed)})",
            names.RECORD_PERIOD_DAYS: f"vector({days})",
            names.RECORD_CURRENT_BURN: self._burn(shortest),
            names.RECORD_PERIOD_BURN: self._burn(self.slo.window.rolling),
            names.RECORD_REMAINING: f"1 - {selector(names.RECORD_PERIOD_BURN, self._identity)}",
        }
        rules: list[PrometheusRule] = [
            {"record": name, "expr": expr, "labels": self._labels} for name, expr in constants.items()
        ]
        return [*rules, {"record": names.RECORD_INFO, "expr": "vector(1)", "labels": {**self._labels, **self._info}}]

    @property
    def _info(self) -> dict[str, str]:
        return {
            names.SLOTH_VERSION: "fournines",
            names.SLOTH_MODE: "fournines-build",
            names.SLOTH_SPEC: "openslo/v1",
            names.SLOTH_OBJECTIVE: figures.exact(100 * Fraction(self.slo.objective.target)),
        }

    def _burn(self, window: Window) -> str:
        ratio = selector(f"{names.RECORD_SLI_ERROR}{window}", self._identity)
        matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
        return f"{ratio}\n/ on({matching}) group_left\n{selector(names.RECORD_ERROR_BUDGET, self._identity)}\n"

    def _alerts(self) -> list[PrometheusRule]:
        """Of burn, and that nothing is known; none for an SLO that alerts nobody."""
        if not self.slo.rules:
            return []
        by_severity = {s: [rule for rule in self.slo.rules if rule.severity is s] for s in Severity}
        burns = [self._alert(severity, rules) for severity, rules in by_severity.items() if rules]
        return [*burns, no_data(self._form, counted=self._is_counted)]

    @property
    def _form(self) -> AlertForm:
        return AlertForm(self.slo, self._labels, self.public_url)

    def _alert(self, severity: Severity, rules: Sequence[BurnRule]) -> PrometheusRule:
        expr = "or\n".join(self._pair(rule) for rule in rules)
        return self._form.rule(names.ALERT_BURN, severity, expr, self._summary(), self._description(rules))

    def _budget_alert(self) -> list[PrometheusRule]:
        """In the slow group where there is one: it looks back over all of the budget's window."""
        if not self.slo.rules or EXHAUSTED in alerts_off(self.slo):
            return []
        return [exhausted(self._form, self._spent(), self._enough(self.slo.window.rolling))]

    def _spent(self) -> str:
        burn = selector(names.RECORD_PERIOD_BURN, self._identity)
        if not self._is_counted or self.slo.window.rolling <= FAST_UP_TO:
            return f"max({burn})"
        copy = selector(names.RECORD_EVENTS_COPY, self._events)
        return spent_by_counts(self.slo, burn, copy, SLOW.seconds)

    def _pair(self, rule: BurnRule) -> str:
        limit = figures.exact(rule.factor(self.slo.window) * self.slo.objective.allowed)
        parts = [self._above(rule.short, limit), self._above(rule.long, limit)]
        if rule.severity is Severity.PAGE and (enough := self._enough(rule.long)):
            parts.append(f"on() ({enough})")
        return "(\n  " + "\n  and ".join(parts) + "\n)\n"

    def _enough(self, long: Window) -> str:
        """That enough is bad for a page; empty where whatever burns is, or nobody tells Prometheus how much there is."""
        if self._is_counted:
            return f"sum(increase({self._counter(long, bad=True)})) >= {self.slo.min_bad_events}"
        if self.slo.unit is not Unit.SLICES or self.slo.slices is None or self.slo.min_bad_events == 1:
            return ""
        slices = Fraction(long.seconds, self.slo.slices.window.seconds)
        share = selector(f"{names.RECORD_SLI_ERROR}{long}", self._identity)
        return f"{figures.exact(slices)} * max({share}) > {self.slo.min_bad_events - 1}.5"

    def _above(self, window: Window, limit: str) -> str:
        ratio = selector(f"{names.RECORD_SLI_ERROR}{window}", self._identity)
        return f"max({ratio} > {limit}) without ({names.SLOTH_WINDOW})"

    def _summary(self) -> str:
        name, ident = go_template.literal(self.slo.name), self._identity
        lasts = go_template.lasts(ident, self.slo.window.seconds)
        return f"{name} burns {go_template.burn(ident)}, {go_template.budget_left(ident)}{lasts}"

    def _description(self, rules: Sequence[BurnRule]) -> str:
        slo = self.slo
        pairs = ", or ".join(f"{figures.factor(r.factor(slo.window))}x over {r.long} and {r.short}" for r in rules)
        promise = f"The promise: {figures.objective(slo.objective)} over {slo.window}."
        now = f"Now {{{{ $value | humanizePercentage }}}} {_BAD[slo.unit]}."
        return f"{promise} {now} It fires when the error budget burns above {pairs}."
