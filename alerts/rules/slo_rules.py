"""The Prometheus rules of one SLO, or of its groups each by itself, in two groups of rules.

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
from .alert_rule import AlertForm, PrometheusRule
from .further_alerts import EXHAUSTED, exhausted, no_data, spent_by_counts
from .promql import selector
from .subject import Judged

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
    """The rules of one SLO, or of its groups; `public_url` is where the collector's pages are."""

    subject: Judged
    public_url: str

    @property
    def slo(self) -> SLO:
        """The SLO as the file has it."""
        return self.subject.slo

    @property
    def _is_counted(self) -> bool:
        return is_counted(self.slo)

    def groups(self) -> list[dict[str, Any]]:
        """The fast group, and the slow one where any of its windows is long; named as the SLO is, for no two groups may have one name."""
        named, (fast, slow), spent = self._named, self._ratios(), self._budget_alert()
        metadata = self._metadata(min(window.rolling for window in self.slo.windows))
        quick = [*self.subject.known, *fast, *metadata, *self._alerts()]
        found = [{"name": named("fast"), "interval": str(FAST), "rules": quick}]
        if not slow:
            quick += spent
            return found
        rules = [self._copy(), *slow, *spent]
        return [*found, {"name": named("slow"), "interval": str(SLOW), "rules": rules}]

    def _named(self, pace: str) -> str:
        return f"{self.subject.prefix}-{pace}-{self.slo.name}"

    def _ratios(self) -> tuple[list[PrometheusRule], list[PrometheusRule]]:
        """Those of the fast group, and those of the slow one."""
        windows = {window.rolling: window for window in sorted(self.slo.windows)}
        if not self._is_counted:
            return [self._told(window, str(own)) for window, own in windows.items()], []
        short, long = ([each for each in windows if (each > FAST_UP_TO) is slow] for slow in (False, True))
        return [self._sli(window) for window in short], [self._sli(window) for window in long]

    def _copy(self) -> PrometheusRule:
        """Series by series, so that a counter's reset stays visible to `rate`."""
        expr = self.subject.named(self.subject.exposed(metric_names.EVENTS))
        return {"record": names.RECORD_EVENTS_COPY, "expr": expr, "labels": dict(self.subject.recorded)}

    def _counter(self, window: Window, *, bad: bool) -> str:
        only = {metric_names.RESULT: metric_names.BAD} if bad else {}
        quick = window <= FAST_UP_TO
        series = self.subject.exposed(metric_names.EVENTS, **only) if quick else self.subject.copies(**only)
        return f"{series}[{window}]"

    def _sli(self, window: Window) -> PrometheusRule:
        """The share of bad events; 0 before the first bad one, nothing at all without traffic (0/0 would spread as NaN)."""
        bad, every = (self.subject.each("sum", f"rate({self._counter(window, bad=only)})") for only in (True, False))
        shares = self.subject.named(f"({bad} or 0 * {every})\n/\n({every} > 0)")
        return self._recorded(window, f"{shares}\n")

    def _told(self, window: Window, own: str) -> PrometheusRule:
        """The share of what is bad, as the collector has it of its `own` window of that length; nothing at all without traffic."""
        burn = self.subject.each("max", self.subject.exposed(metric_names.BURN_RATE, **{metric_names.WINDOW: own}))
        return self._recorded(window, self.subject.named(f"{burn} * {figures.exact(self.slo.objective.allowed)}"))

    def _recorded(self, window: Window, expr: str) -> PrometheusRule:
        labels = {**self.subject.labels, names.SLOTH_WINDOW: str(window)}
        return {"record": f"{names.RECORD_SLI_ERROR}{window}", "expr": expr, "labels": labels}

    def _metadata(self, shortest: Window) -> list[PrometheusRule]:
        objective = self.slo.objective
        days = figures.exact(Fraction(self.slo.window.seconds, DAY))
        always, labels = self.subject.always, dict(self.subject.labels)
        constants = {
            names.RECORD_OBJECTIVE: always(str(objective)),
            names.RECORD_ERROR_BUDGET: always(figures.exact(objective.allowed)),
            names.RECORD_PERIOD_DAYS: always(days),
            names.RECORD_CURRENT_BURN: self._burn(shortest),
            names.RECORD_PERIOD_BURN: self._burn(self.slo.window.rolling),
            names.RECORD_REMAINING: f"1 - {self._found(names.RECORD_PERIOD_BURN)}",
        }
        rules: list[PrometheusRule] = [
            {"record": name, "expr": expr, "labels": labels} for name, expr in constants.items()
        ]
        return [*rules, {"record": names.RECORD_INFO, "expr": always("1"), "labels": {**labels, **self._info}}]

    def _found(self, record: str) -> str:
        return selector(record, self.subject.recorded)

    @property
    def _info(self) -> dict[str, str]:
        return {
            names.SLOTH_VERSION: "fournines",
            names.SLOTH_MODE: "fournines-build",
            names.SLOTH_SPEC: "openslo/v1",
            names.SLOTH_OBJECTIVE: figures.exact(100 * Fraction(self.slo.objective.target)),
        }

    def _burn(self, window: Window) -> str:
        ratio = self._found(f"{names.RECORD_SLI_ERROR}{window}")
        matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
        return f"{ratio}\n/ on({matching}) group_left\n{self._found(names.RECORD_ERROR_BUDGET)}\n"

    def _alerts(self) -> list[PrometheusRule]:
        """Of burn, and that nothing is known; none for an SLO that alerts nobody."""
        if not self.slo.rules:
            return []
        by_severity = {s: [rule for rule in self.slo.rules if rule.severity is s] for s in Severity}
        burns = [self._alert(severity, rules) for severity, rules in by_severity.items() if rules]
        silent = [no_data(self._form, counted=self._is_counted)] if self.subject.falls_silent else []
        return [*(burns if self.subject.burns else ()), *silent]

    @property
    def _form(self) -> AlertForm:
        return AlertForm(self.subject, self.public_url)

    def _alert(self, severity: Severity, rules: Sequence[BurnRule]) -> PrometheusRule:
        expr = "or\n".join(self._pair(rule) for rule in rules)
        return self._form.rule(names.ALERT_BURN, severity, expr, self._summary(), self._description(rules))

    def _budget_alert(self) -> list[PrometheusRule]:
        """In the slow group where there is one: it looks back over all of the budget's window."""
        if not (self.slo.rules and self.subject.burns) or EXHAUSTED in alerts_off(self.slo):
            return []
        return [exhausted(self._form, self._spent(), self._enough(self.slo.window.rolling))]

    def _spent(self) -> str:
        burn = self._found(names.RECORD_PERIOD_BURN)
        if not self._is_counted or self.slo.window.rolling <= FAST_UP_TO:
            return burn
        return spent_by_counts(self.subject, burn, SLOW.seconds)

    def _pair(self, rule: BurnRule) -> str:
        limit = figures.exact(rule.factor(self.slo.window) * self.slo.objective.allowed)
        parts = [self._above(rule.short, limit), self._above(rule.long, limit)]
        if rule.severity is Severity.PAGE and (enough := self._enough(rule.long)):
            parts.append(f"{self.subject.on} ({enough})")
        return "(\n  " + "\n  and ".join(parts) + "\n)\n"

    def _enough(self, long: Window) -> str:
        """That enough is bad for a page; empty where whatever burns is, or nobody tells Prometheus how much there is."""
        if self._is_counted:
            failed = self.subject.each("sum", f"increase({self._counter(long, bad=True)})")
            return f"{failed} >= {self.slo.min_bad_events}"
        if self.slo.unit is not Unit.SLICES or self.slo.slices is None or self.slo.min_bad_events == 1:
            return ""
        slices = Fraction(long.seconds, self.slo.slices.window.seconds)
        share = self._found(f"{names.RECORD_SLI_ERROR}{long}")
        return f"{figures.exact(slices)} * {self.subject.each('max', share)} > {self.slo.min_bad_events - 1}.5"

    def _above(self, window: Window, limit: str) -> str:
        ratio = self._found(f"{names.RECORD_SLI_ERROR}{window}")
        return f"max({ratio} > {limit}) without ({names.SLOTH_WINDOW})"

    def _summary(self) -> str:
        text = self.subject.text
        return f"{text.name} burns {text.burn}, {text.budget_left}{text.lasts(self.slo.window.seconds)}"

    def _description(self, rules: Sequence[BurnRule]) -> str:
        slo = self.slo
        pairs = ", or ".join(f"{figures.factor(r.factor(slo.window))}x over {r.long} and {r.short}" for r in rules)
        promise = f"The promise: {figures.objective(slo.objective)} over {slo.window}."
        now = f"Now {{{{ $value | humanizePercentage }}}} {_BAD[slo.unit]}."
        return f"{promise} {now} It fires when the error budget burns above {pairs}."
