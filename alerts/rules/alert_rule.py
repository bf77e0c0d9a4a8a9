"""An alerting rule of an SLO: its labels, its links and how long it is held are the same whatever it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...slo import SLO, Severity
from .. import names
from ..links import links
from ..state import KEEP_FIRING_SECONDS
from . import go_template

PrometheusRule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertForm:
    """What the alerts of an SLO have in common; `labels` are those of its records."""

    slo: SLO
    labels: Mapping[str, str]
    public_url: str

    def rule(
        self, alert: str, severity: Severity, expr: str, summary: str, description: str, wait: str = ""
    ) -> PrometheusRule:
        """One alert; `summary` and `description` are templates, and `wait` is how long it is pending: not at all where empty."""
        labels = {
            **self.labels,
            names.LABEL_SLO: self.slo.name,
            names.LABEL_SERVICE: self.slo.service,
            names.LABEL_SEVERITY: severity.value,
            names.SLOTH_SEVERITY: severity.value,
        }
        return {
            "alert": alert,
            "expr": expr,
            **({"for": wait} if wait else {}),
            "keep_firing_for": f"{KEEP_FIRING_SECONDS // 60}m",
            "labels": {name: go_template.literal(value) for name, value in labels.items()},
            "annotations": {
                names.ANNOTATION_SUMMARY: summary,
                names.ANNOTATION_DESCRIPTION: description,
                **{name: go_template.literal(url) for name, url in links(self.slo, self.public_url).items()},
            },
        }
