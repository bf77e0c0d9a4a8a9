"""An SLO's own labels, under names that Prometheus takes and that hide none of ours."""

from __future__ import annotations

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
        "__name__",
        "job",
        "instance",
    }
)


def own_labels(slo: SLO) -> dict[str, str]:
    """The SLO's labels under valid names; one that would hide a label of the rules' own is called `label_...`."""
    found = {}
    for name, value in sorted(slo.labels.items()):
        label = label_name(name)
        if label in _RESERVED or label.startswith(("sloth_", "__")):
            label = f"label_{label}"
        while label in found:
            label += "_"
        found[label] = value
    return found
