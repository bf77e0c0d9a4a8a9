"""The Grafana rules of one SLO, or of each of its groups: one that pages and one that writes a ticket, whichever of its pairs hold.

Each window is a query of its own, reduced to a number, and the condition is arithmetic: a filter in PromQL would be empty while all is
well, and that is another state to Grafana. Where nobody calls there is no ratio; there it is 0, as long as the rules are recorded at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ....slo import DASHBOARD, SLO, BurnRule, Severity, Unit, Window, figures, link, metric_names
from ... import names
from ...dependencies import Dependencies
from ...links import links, slo_url
from ...state import KEEP_FIRING_SECONDS
from ..promql import selector, string
from ..re2 import any_of
from ..slug import slug
from ..subject import Groups, Judged, OneSlo
from .panel_link import PanelLink
from .rule import GrafanaRule, Inputs
from .text import template, title

_LONGEST_UID: Final = 40
"""Grafana's own limit."""
_LEFT: Final = "left"
_HELD: Final = "held"
_NAMED: Final = f"{{{{ .Labels.{names.LABEL_SLO} }}}}"
_IN_ADDRESS: Final = f"{{{{ .Labels.{names.LABEL_SLO} | urlquery }}}}"
_BAD: Final = {
    Unit.EVENTS: "of the events fail",
    Unit.SLICES: "of the slices are bad",
    Unit.PARTS: "is the share that fails",
}


def rule_uid(name: str, severity: Severity) -> str:
    """The identity of an SLO's rule: the same for ever."""
    return f"{slug(name, _LONGEST_UID - len(severity.value) - 1)}-{severity.value}"


@dataclass(frozen=True, slots=True)
class BurnAlert:
    """The rule of one SLO and severity. `above` is who holds it back, `datasource` the uid of a Prometheus, `panel` where it leads."""

    slo: SLO
    severity: Severity
    above: Dependencies
    public_url: str
    datasource: str
    panel: PanelLink | None = None

    @property
    def rule(self) -> GrafanaRule:
        """It, as grafanalib has rules."""
        inputs = Inputs(self.datasource)
        conditions, shares = zip(*(self._pair(rule, inputs) for rule in self._pairs), strict=True)
        pairs, holders = " || ".join(conditions), self._holders()
        condition = f"({pairs}) && {inputs.read(holders, _HELD)} == 0" if holders else pairs
        inputs.read(self._subject.filled(self._subject.shown(names.RECORD_REMAINING), "NaN"), _LEFT)
        return GrafanaRule(
            title=title(self.slo.name, f" burns its error budget ({self.severity.value})"),
            uid=rule_uid(self.slo.name, self.severity),
            triggers=inputs.when(condition),
            labels={name: template(value) for name, value in self._labels.items()},
            annotations=self._annotations(shares),
            keeps_for=f"{KEEP_FIRING_SECONDS // 60}m",
            dashboard_uid=self.panel.dashboard if self.panel else "",
            panel_id=self.panel.panel if self.panel else 0,
        )

    @property
    def _pairs(self) -> list[BurnRule]:
        return [rule for rule in self.slo.rules if rule.severity is self.severity]

    @property
    def _subject(self) -> Judged:
        return Groups(self.slo) if self.slo.group_by else OneSlo(self.slo)

    @property
    def _labels(self) -> dict[str, str]:
        """Groups have those of their values, and their names, by the answers of queries."""
        own = self._subject.recorded if self.slo.group_by else {names.LABEL_SLO: self.slo.name}
        return {
            **self._subject.own_labels,
            **own,
            names.LABEL_SERVICE: self.slo.service,
            names.LABEL_SEVERITY: self.severity.value,
        }

    def _pair(self, rule: BurnRule, inputs: Inputs) -> tuple[str, str]:
        """When it holds, and how its long window's share is called."""
        limit, share = rule.factor(self.slo.window) * self.slo.objective.allowed, inputs.read(self._ratio(rule.long))
        long = f"{share} > {figures.exact(max(limit, self._guard(rule)))}"
        short = f"{inputs.read(self._ratio(rule.short))} > {figures.exact(limit)}"
        enough = self._enough(rule)
        holds = f"({long} && {short}{f' && {inputs.read(enough)} >= {self.slo.min_bad_events}' if enough else ''})"
        return holds, share.removeprefix("$")

    def _ratio(self, window: Window) -> str:
        """None without traffic, and that is 0 as long as anything is recorded."""
        shown = self._subject.shown
        return f"{shown(f'{names.RECORD_SLI_ERROR}{window}')} or 0 * {shown(names.RECORD_OBJECTIVE)}"

    def _guard(self, rule: BurnRule) -> Fraction:
        """The share above which enough slices are bad for a page; of events, these are counted."""
        slices = self.slo.slices
        if self.severity is not Severity.PAGE or slices is None or self.slo.unit is not Unit.SLICES:
            return Fraction(0)
        return Fraction(2 * self.slo.min_bad_events - 1, 2) * slices.window.seconds / rule.long.seconds

    def _enough(self, rule: BurnRule) -> str:
        counted = self.slo.unit is Unit.EVENTS and self.slo.sli.promql is None
        if self.severity is not Severity.PAGE or not counted or self.slo.min_bad_events == 1:
            return ""
        subject, only = self._subject, {metric_names.RESULT: metric_names.BAD}
        failed = subject.each("sum", f"increase({subject.exposed(metric_names.EVENTS, **only)}[{rule.long}])")
        return subject.filled(failed, "0")

    def _holders(self) -> str:
        """What is above 0 while others say it already: a ticket's own page; a page's, those of the SLOs it depends on."""
        page = {names.LABEL_SEVERITY: Severity.PAGE.value}
        if self.severity is Severity.TICKET:
            subject = self._subject
            return subject.filled(subject.each("max", subject.exposed(metric_names.ALERT_FIRING, **page)), "0")
        if parents := self.above.above(self.slo.name):
            wanted = f"{names.LABEL_SLO}=~{string(any_of(parents))}"
            return f"max({selector(metric_names.ALERT_FIRING, page, wanted)}) or vector(0)"
        return ""

    def _annotations(self, shares: Sequence[str]) -> dict[str, str]:
        slo, window = self.slo, self.slo.window
        limits = ", or ".join(f"{figures.factor(r.factor(window))}x over {r.long} and {r.short}" for r in self._pairs)
        promise = f"The promise: {figures.objective(slo.objective)} over {window}."
        description = f"{promise} It fires when the error budget burns above {limits}."
        found = {name: template(url) for name, url in links(slo, self.public_url).items()}
        if slo.group_by and not link(slo, DASHBOARD):
            found[names.ANNOTATION_DASHBOARD] = template(slo_url(self.public_url, "")) + _IN_ADDRESS
        return {names.ANNOTATION_SUMMARY: self._summary(shares), names.ANNOTATION_DESCRIPTION: description, **found}

    def _summary(self, shares: Sequence[str]) -> str:
        """What fails over the long window of each pair, for any may be the one that holds; and what is left, where that is known."""
        failing = [f"{{{{ humanizePercentage .{share}.Value }}}}" for share in shares]
        first, *more = (f"over {rule.long}" for rule in self._pairs)
        now = ", ".join(
            [f"{failing[0]} {_BAD[self.slo.unit]} {first}", *map(" ".join, zip(failing[1:], more, strict=True))]
        )
        left = ", {{ humanizePercentage .left.Value }} of the error budget left"
        spent = "{{ else if le .left.Value 0.0 }}, the error budget is over-spent{{ end }}"
        budget = f"{{{{ if gt .left.Value 0.0 }}}}{left}{spent}"
        name = _NAMED if self.slo.group_by else template(self.slo.name)
        return f"{name} burns its error budget{{{{ with .Values }}}}, {now}{budget}{{{{ end }}}}"
