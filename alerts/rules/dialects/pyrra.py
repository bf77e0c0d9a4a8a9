"""The rules that Pyrra writes of an SLO (https://github.com/pyrra-dev/pyrra, August 2026): names, labels, expressions, waits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from ....slo import DAY, MINUTE, SLO, CalendarWindow
from ....slo.annotations import RUNBOOK, link
from ....slo.imported.origin import PYRRA_ORIGIN, origin_of
from ....slo.imported.pyrra_tiers import PYRRA_TIERS, PyrraTier
from ... import names
from ..promql import label_name
from .go_text import decimal, duration, go_duration, in_order, quoted
from .pyrra_counting import Counting
from .pyrra_generic import generic_rules
from .pyrra_indicator import Indicator, Kind, Metric, indicator_of
from .unsaid import CannotSay

Rule = dict[str, Any]

_BURN_EVERY: Final = "30s"
_SEVERITIES: Final = ("fastBurn", "mediumBurn", "slowBurn", "longTermBurn")
_CRITICAL, _WARNING = "critical", "warning"
_WEEKS: Final = {1: 30, 2: 60, 3: 90, 4: 120, 5: 150, 6: 180, 7: 210}
"""How often counts over a window shorter than so many weeks are taken, in seconds."""
_LONGEST: Final = 240


@dataclass(frozen=True)
class PyrraRules:
    """The rules of one SLO. `CannotSay` where Pyrra has none for it."""

    slo: SLO

    @cached_property
    def _origin(self) -> Mapping[str, Any]:
        return origin_of(self.slo, PYRRA_ORIGIN)

    @cached_property
    def _alerting(self) -> Mapping[str, Any]:
        found = self._origin.get("alerting", {})
        return found if isinstance(found, dict) else {}

    @cached_property
    def _indicator(self) -> Indicator:
        if self._origin.get("fast"):
            raise CannotSay("it counts by performanceOverAccuracy, which is not written here")
        if self._origin.get("success"):
            raise CannotSay("its ratio names success, whose rules are not written here: name errors and total")
        if self._alerting.get("burnRateType", "static") != "static":
            raise CannotSay(
                f"its burn rates are {self._alerting['burnRateType']}, and those written here are held against fixed factors"
            )
        return indicator_of(self.slo, self._origin.get("grouping", ()))

    @cached_property
    def _name(self) -> str:
        return str(self._origin.get("name", self.slo.name))

    @cached_property
    def _window(self) -> int:
        if isinstance(self.slo.window, CalendarWindow):
            raise CannotSay("its budgets are of rolling windows, and none of a calendar")
        if not all(all(tier.seconds(self.slo.window.seconds)[1:]) for tier in PYRRA_TIERS):
            raise CannotSay(f"of {self.slo.window} its shortest windows are 0s, which Prometheus refuses")
        return self.slo.window.seconds

    @cached_property
    def _target(self) -> float:
        return float(100 * Fraction(self.slo.objective.target)) / 100

    @cached_property
    def _common(self) -> dict[str, str]:
        """The labels that an SLO hands on to its rules."""
        ours = {label_name(name): text for name, text in self.slo.labels.items()}
        own = self._origin.get("labels", {}) if PYRRA_ORIGIN in self.slo.annotations else ours
        return {"slo": self._name, **{str(name): str(text) for name, text in own.items()}}

    @cached_property
    def _annotations(self) -> dict[str, str]:
        if PYRRA_ORIGIN in self.slo.annotations:
            return in_order(dict(self._origin.get("annotations", {})))
        runbook = link(self.slo, RUNBOOK)
        return {names.ANNOTATION_RUNBOOK: runbook} if runbook else {}

    def groups(self) -> list[dict[str, Any]]:
        """Counts over the whole window, and burn rates with their alerts."""
        days = self._window // DAY
        every = next((seconds for weeks, seconds in _WEEKS.items() if days < 7 * weeks), _LONGEST)
        increases, burns = self._increases(), [*self._burn_rates(), *self._alerts()]
        return [
            {"interval": duration(every), "name": f"{self._name}-increase", "rules": increases},
            {"interval": _BURN_EVERY, "name": self._name, "rules": burns},
        ]

    def generic_group(self) -> dict[str, Any] | None:
        """What dashboards over all SLOs ask for; none where events are counted by groups, which Pyrra has no such rules for."""
        one = self._indicator
        if one.grouping and one.kind is not Kind.NATIVE:
            return None
        said = {"pyrra_objective": decimal(self._target), "pyrra_window": str(self._window)}
        records = {**said, **generic_rules(one, duration(self._window), self._name)}
        labels = in_order(self._common)
        rules = [{"expr": expr, "labels": labels, "record": record} for record, expr in records.items()]
        return {"interval": _BURN_EVERY, "name": f"{self._name}-generic", "rules": rules}

    @cached_property
    def refusal(self) -> str | None:
        """Why Pyrra has no rules for it."""
        try:
            self.groups()
        except CannotSay as error:
            return str(error)
        return None

    def _labels(self, grouping: Sequence[str]) -> dict[str, str]:
        """Those of records: what is grouped by stands in the series themselves."""
        found = {**self._common, **self._indicator.total.equal}
        return {name: text for name, text in found.items() if name not in grouping}

    def _increases(self) -> list[Rule]:
        one, window = self._indicator, duration(self._window)
        labels = self._labels(one.increase_grouping if one.kind is not Kind.NATIVE else ())
        found: list[Rule] = []
        for metric, le, (record, expr) in Counting(one, one.increase_grouping, window).records():
            own = {**labels, **({"le": le} if le else {})}
            found.append({"expr": expr, "labels": in_order(own), "record": record})
            found += self._absent(metric, own) if one.kind is Kind.RATIO else []
        if one.kind is Kind.LATENCY:
            found += [*self._absent(one.total, labels), *self._absent(one.other, {**labels, "le": one.boundary})]
        return found + (self._absent(one.total, labels) if one.kind is Kind.GAUGE else [])

    def _absent(self, metric: Metric, labels: Mapping[str, str]) -> list[Rule]:
        if self._alerting.get("absent") is False:
            return []
        severity = str(self._severities.get("absent") or _CRITICAL)
        alert = {
            "alert": str(self._alerting.get("absentName") or "SLOMetricAbsent"),
            "expr": f"absent({metric}) == 1",
            "for": duration(self._absent_for()),
            "labels": in_order({**labels, names.LABEL_SEVERITY: severity}),
        }
        return [self._annotated(alert)]

    def _absent_for(self) -> int:
        """Until the quickest alert would fire if everything failed, and its wait; to the minute."""
        wait, long, _ = PYRRA_TIERS[0].seconds(self._window)
        met = int(PYRRA_TIERS[0].factor * (1 - self._target) * long)
        return math.floor((met + wait) / MINUTE + 0.5) * MINUTE

    @property
    def _severities(self) -> Mapping[str, str]:
        found = self._alerting.get("severities")
        return found if isinstance(found, dict) else {}

    def _burn_rates(self) -> list[Rule]:
        one = self._indicator
        labels = in_order(self._labels(one.grouping))
        seconds = {each for tier in PYRRA_TIERS for each in tier.seconds(self._window)[1:]}
        return [
            {
                "expr": Counting(one, sorted({*one.grouping}), duration(each)).burn_rate(),
                "labels": labels,
                "record": self._record(each),
            }
            for each in sorted(seconds)
        ]

    def _record(self, seconds: int) -> str:
        name = self._indicator.total.name.removesuffix("_total").removesuffix("_count")
        return f"{name}:burnrate{duration(seconds)}"

    def _alerts(self) -> list[Rule]:
        if not self.slo.rules:
            return []
        return [self._alert(tier, key) for tier, key in zip(PYRRA_TIERS, _SEVERITIES, strict=True)]

    def _alert(self, tier: PyrraTier, key: str) -> Rule:
        one, (wait, long, short) = self._indicator, tier.seconds(self._window)
        limit = f"({tier.factor} * (1-{decimal(self._target)}))"
        above = (f"{self._record(each)}{{{self._matchers}}} > {limit}" for each in (short, long))
        usual = _CRITICAL if tier in PYRRA_TIERS[:2] else _WARNING
        labels = {
            **self._common,
            **{name: text for name, text in one.total.equal.items() if name not in one.grouping},
            "short": duration(short),
            "long": duration(long),
            names.LABEL_SEVERITY: str(self._severities.get(key) or usual),
            "exhaustion": duration(self._window // tier.factor),
        }
        alert = {
            "alert": str(self._alerting.get("name") or "ErrorBudgetBurn"),
            "expr": " and ".join(above),
            "for": go_duration(wait) if one.kind is Kind.RATIO else duration(wait),
            "labels": in_order(labels),
        }
        return self._annotated(alert)

    @cached_property
    def _matchers(self) -> str:
        one = self._indicator
        kept = [str(each) for each in one.total.matchers if not each.is_pattern or each.name in one.grouping]
        return ",".join(sorted([*kept, f"slo={quoted(self._name)}"]))

    def _annotated(self, alert: Rule) -> Rule:
        """Its keys in the order of the alphabet, as Kubernetes' YAML has them."""
        return dict(sorted({**alert, **({"annotations": self._annotations} if self._annotations else {})}.items()))
