"""The rules that Sloth writes of an SLO (https://sloth.dev, version 0.16.0), to the byte: its groups, its texts and its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, NamedTuple

from ....slo import DAY, HOUR, SLO, WORKBOOK, BurnRule, CalendarWindow, Queries, Severity
from ....slo.annotations import RUNBOOK, link
from ....slo.imported.origin import SLOTH_ORIGIN, origin_of
from ... import names
from ..promql import label_name
from .go_text import decimal, duration, in_order, number, quoted
from .queries import Failing, failing
from .unsaid import CannotSay

Rule = dict[str, Any]

_NAME: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]")
_PAIRS: Final = 2
VERSION: Final = "v0.16.0"


class _Pair(NamedTuple):
    """A short and a long window in seconds, and the burn rate above which both are too fast."""

    short: int
    long: int
    factor: float


@dataclass(frozen=True)
class SlothRules:
    """The rules of one SLO. `CannotSay` where Sloth has none for it."""

    slo: SLO

    @cached_property
    def _origin(self) -> Mapping[str, Any]:
        return origin_of(self.slo, SLOTH_ORIGIN)

    @cached_property
    def kubernetes(self) -> Mapping[str, Any]:
        """The object of Kubernetes that the SLO was read from, `name`, `namespace`, `labels` and `annotations`; empty where from none."""
        found = self._origin.get("kubernetes")
        return found if isinstance(found, dict) else {}

    @cached_property
    def refusal(self) -> str | None:
        """Why Sloth has no rules for it."""
        try:
            self.groups()
        except CannotSay as error:
            return str(error)
        return None

    @cached_property
    def _name(self) -> str:
        """Its name there: that of the file it was read from, else its own."""
        shown, service = self.slo.display_name, self.slo.service
        is_theirs = SLOTH_ORIGIN in self.slo.annotations or self.slo.name == f"{service}-{shown}"
        name = shown if is_theirs and _NAME.fullmatch(shown) else self.slo.name
        if not _NAME.fullmatch(name) or not _NAME.fullmatch(service):
            raise CannotSay(f"a name has letters, digits and - _ . in it, not {name!r} of {service!r}")
        return name

    @cached_property
    def _identity(self) -> dict[str, str]:
        return {
            names.SLOTH_ID: f"{self.slo.service}-{self._name}",
            names.SLOTH_SERVICE: self.slo.service,
            names.SLOTH_SLO: self._name,
        }

    @cached_property
    def _filter(self) -> str:
        return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in self._identity.items()) + "}"

    @cached_property
    def _labels(self) -> dict[str, str]:
        """The SLO's own, without those of its alerts."""
        of_alerts = self._origin.get("labels", {})
        own = {label_name(name): text for name, text in self.slo.labels.items() if name not in of_alerts}
        return {**self._identity, **own, **self._origin.get("own", {})}

    @cached_property
    def _pairs(self) -> dict[Severity, tuple[_Pair, ...]]:
        """The quick and the slow pair of each severity; those of the workbook where it alerts nobody."""
        return {each: self._pairs_of(each) for each in Severity}

    def _pairs_of(self, severity: Severity) -> tuple[_Pair, ...]:
        own = [rule for rule in self.slo.rules if rule.severity is severity]
        if own and len(own) != _PAIRS:
            raise CannotSay(f"two burn rules of each severity, not {len(own)} of {severity.value}")
        rules = own or [rule for rule in WORKBOOK if rule.severity is severity]
        return tuple(self._pair(rule) for rule in sorted(rules, key=lambda it: it.long))

    def _pair(self, rule: BurnRule) -> _Pair:
        percent, hours = float(rule.budget_share * 100), self._period / HOUR
        return _Pair(rule.short.seconds, rule.long.seconds, percent * hours / 100 / (rule.long.seconds / HOUR))

    @cached_property
    def _period(self) -> int:
        if isinstance(self.slo.window, CalendarWindow):
            raise CannotSay("its budgets are of rolling windows, and none of a calendar")
        return self.slo.window.seconds

    @cached_property
    def _objective(self) -> float:
        """In per cent, as it stands in a file."""
        return float(100 * Fraction(self.slo.objective.target))

    def groups(self) -> list[dict[str, Any]]:
        """Those of the error ratios, of what is known of the SLO, and of its alerts, if it has any."""
        if plugins := self._origin.get("plugins"):
            raise CannotSay(f"its plugins {', '.join(map(str, plugins))} make other rules, which are not written here")
        found = {"sli-recordings": self._ratios(), "meta-recordings": self._metadata(), "alerts": self._alerts()}
        ident = self._identity[names.SLOTH_ID]
        return [{"name": f"sloth-slo-{kind}-{ident}", "rules": rules} for kind, rules in found.items() if rules]

    def _ratios(self) -> list[Rule]:
        parts = failing(self.slo)
        windows = {seconds for pairs in self._pairs.values() for pair in pairs for seconds in pair[:2]}
        short = [self._recorded(window, _over(parts, duration(window))) for window in sorted(windows)]
        return [*short, self._recorded(self._period, self._of_period())]

    def _of_period(self) -> str:
        """The mean of the shortest window's ratios, as Sloth has it."""
        series = f"{self._record(self._pairs[Severity.PAGE][0].short)}{self._filter}[{duration(self._period)}]"
        return f"sum_over_time({series})\n/ ignoring ({names.SLOTH_WINDOW})\ncount_over_time({series})\n"

    def _record(self, seconds: int) -> str:
        return f"{names.RECORD_SLI_ERROR}{duration(seconds)}"

    def _recorded(self, seconds: int, expr: str) -> Rule:
        labels = {names.SLOTH_WINDOW: duration(seconds), **self._labels}
        return {"record": self._record(seconds), "expr": expr, "labels": in_order(labels)}

    def _metadata(self) -> list[Rule]:
        ratio = number(self._objective / 100)
        found = {
            names.RECORD_OBJECTIVE: f"vector({ratio})",
            names.RECORD_ERROR_BUDGET: f"vector(1-{ratio})",
            names.RECORD_PERIOD_DAYS: f"vector({number(self._period / DAY)})",
            names.RECORD_CURRENT_BURN: self._burn(self._pairs[Severity.PAGE][0].short),
            names.RECORD_PERIOD_BURN: self._burn(self._period),
            names.RECORD_REMAINING: f"1 - {names.RECORD_PERIOD_BURN}{self._filter}",
        }
        rules: list[Rule] = [
            {"record": record, "expr": expr, "labels": in_order(self._labels)} for record, expr in found.items()
        ]
        info = {
            names.SLOTH_VERSION: VERSION,
            names.SLOTH_MODE: "cli-gen-k8s" if self.kubernetes else "cli-gen-prom",
            names.SLOTH_SPEC: "sloth.slok.dev/v1" if self.kubernetes else "prometheus/v1",
            names.SLOTH_OBJECTIVE: decimal(self._objective),
        }
        return [
            *rules,
            {"record": names.RECORD_INFO, "expr": "vector(1)", "labels": in_order({**self._labels, **info})},
        ]

    def _burn(self, seconds: int) -> str:
        matching = ", ".join((names.SLOTH_ID, names.SLOTH_SLO, names.SLOTH_SERVICE))
        ratio, budget = (f"{name}{self._filter}" for name in (self._record(seconds), names.RECORD_ERROR_BUDGET))
        return f"{ratio}\n/ on({matching}) group_left\n{budget}\n"

    def _alerts(self) -> list[Rule]:
        told = {rule.severity for rule in self.slo.rules}
        return [self._alert(severity) for severity in Severity if severity in told]

    def _alert(self, severity: Severity) -> Rule:
        name, labels, annotations = self._told(severity)
        budget = number((100 - self._objective) / 100)
        parts = [self._both(pair, f"({number(pair.factor)} * {budget})") for pair in self._pairs[severity]]
        of_slo = [f"{{{{$labels.{label}}}}}" for label in (names.SLOTH_SERVICE, names.SLOTH_SLO)]
        said = {
            "title": f"({severity.value}) {' '.join(of_slo)} SLO error budget burn rate is too fast.",
            "summary": f"{' '.join(of_slo)} SLO error budget burn rate is over expected.",
        }
        return {
            "alert": name,
            "expr": "or\n".join(parts),
            "labels": in_order({names.SLOTH_SEVERITY: severity.value, **labels}),
            "annotations": in_order({**said, **annotations}),
        }

    def _both(self, pair: _Pair, limit: str) -> str:
        above = [
            f"    max({self._record(window)}{self._filter} > {limit}) without ({names.SLOTH_WINDOW})\n"
            for window in (pair.short, pair.long)
        ]
        return "(\n" + "    and\n".join(above) + ")\n"

    def _told(self, severity: Severity) -> tuple[str, dict[str, str], dict[str, str]]:
        """What an alert is called, its labels and its annotations: those of the file it was read from, else ours."""
        if SLOTH_ORIGIN not in self.slo.annotations:
            runbook = link(self.slo, RUNBOOK)
            annotations = {names.ANNOTATION_RUNBOOK: runbook} if runbook else {}
            return names.ALERT_BURN, {names.LABEL_SEVERITY: severity.value}, annotations
        own = self._origin.get(severity.value, {})
        labels, annotations = (
            {name: str(text) for name, text in {**self._origin.get(each, {}), **own.get(each, {})}.items()}
            for each in ("labels", "annotations")
        )
        if not self._origin.get("name"):
            raise CannotSay("its alerts have no name, which Sloth refuses: say alerting.name, or disable both")
        return str(self._origin["name"]), labels, annotations


def _over(parts: Failing, window: str) -> str:
    """The share of bad events over a window."""
    if parts.share:
        return f"({Queries(raw=parts.share).written_over(window).raw})"
    over = Queries(bad=parts.bad, total=parts.total).written_over(window)
    return f"({over.bad})\n/\n({over.total})\n"
