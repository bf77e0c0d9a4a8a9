"""An alerting rule: its labels, and its links are the same whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...slo import DASHBOARD, Severity, Window, link
from .. import names
from ..links import links
from ..state import KEEP_FIRING_SECONDS
from . import go_template
from .subject import Judged

PrometheusRule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertForm:
    """What the alerts of those that rules judge have in common."""

    subject: Judged
    public_url: str

    def rule(
        self,
        alert: str,
        severity: Severity,
        expr: str,
        summary: str,
        description: str,
        wait: str = "",
        holds: int = KEEP_FIRING_SECONDS,
    ) -> PrometheusRule:
        """One alert; `summary` and `description` are templates.

        `wait` is how long it is pending, not at all where empty; `holds` how many seconds its condition is clear before it is over.
        """
        return {
            "alert": alert,
            "expr": expr,
            **({"for": wait} if wait else {}),
            "keep_firing_for": str(Window(holds)),
            "labels": self._labels(severity),
            "annotations": {
                names.ANNOTATION_SUMMARY: summary,
                names.ANNOTATION_DESCRIPTION: description,
                **self._links(),
            },
        }

    def _labels(self, severity: Severity) -> dict[str, str]:
        service = go_template.literal(self.subject.slo.service)
        return {
            **{name: go_template.literal(value) for name, value in self.subject.labels.items()},
            names.LABEL_SLO: self.subject.text.name,
            names.LABEL_SERVICE: service,
            names.LABEL_SEVERITY: severity.value,
            names.SLOTH_SEVERITY: severity.value,
        }

    def _links(self) -> dict[str, str]:
        slo = self.subject.slo
        found = {name: go_template.literal(url) for name, url in links(slo, self.public_url).items()}
        own = {} if link(slo, DASHBOARD) else {names.ANNOTATION_DASHBOARD: self.subject.page(self.public_url)}
        return {**found, **own}
