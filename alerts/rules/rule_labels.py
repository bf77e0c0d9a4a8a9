"""An SLO's own labels, under names that Prometheus takes and that hide none of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...slo import SLO, metric_names
from .. import names
from .promql import label_name

_RESERVED: Final = frozenset(
    {
        names.LABEL_ALERTNAME,
        names.LABEL_SEVERITY,
        names.LABEL_SLO,
        names.LABEL_SERVICE,
        metric_names.RESULT,
        metric_names.GROUP_OF,
        "__name__",
        "job",
        "instance",
    }
)


def own_labels(slo: SLO) -> dict[str, str]:
    """The SLO's labels under valid names; one that would hide a label of the rules' own is called `label_...`."""
    return {label: slo.labels[name] for name, label in label_names(slo.labels).items()}


def label_names(labels: Iterable[str]) -> dict[str, str]:
    """What each of these labels is called, no two alike; in the order of the alphabet."""
    found: dict[str, str] = {}
    for name in sorted(labels):
        label = label_name(name)
        if label in _RESERVED or label.startswith(("sloth_", "__")):
            label = f"label_{label}"
        while label in found.values():
            label += "_"
        found[name] = label
    return found
