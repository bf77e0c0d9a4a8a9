"""Label sets as Prometheus has them: what a sender must keep to, and the two that say who is measured.

Sources: remote write specifications 1.0 and 2.0, section "Labels"; OpenTelemetry, "Prometheus and OpenMetrics compatibility".
"""

from __future__ import annotations

import re
from typing import Final

from ..names import SERVICE_INSTANCE, SERVICE_NAME

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted by name, `__name__` among them."""

NAME: Final = "__name__"
JOB: Final = "job"
INSTANCE: Final = "instance"
BOUNDARY: Final = "le"

REPLICAS: Final = frozenset({"__replica__", "prometheus_replica"})
"""Labels by which a pair of Prometheus servers says which of the two it is. Both tell the same counters, so these tell no streams apart."""

SERVICE_NAMESPACE: Final = "service.namespace"
MOST_LABELS: Final = 128
LONGEST_VALUE: Final = 64 * 1024

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def fault_of(labels: Labels, *, any_name: bool = False) -> str:
    """What is wrong with a sender's label set; empty when nothing is. With `any_name` names may be any text, as 2.0 has it."""
    names = [name for name, _ in labels]
    if len(names) > MOST_LABELS:
        return f"has more than {MOST_LABELS} labels"
    if NAME not in names:
        return "has no metric name"
    if len(set(names)) < len(names):
        return "has a label twice"
    if names != sorted(names):
        return "has labels that are not sorted"
    return next(filter(None, (_fault_of_label(name, value, any_name) for name, value in labels)), "")


def _fault_of_label(name: str, value: str, any_name: bool) -> str:  # noqa: FBT001 - handed through
    if not name:
        return "has a label without a name"
    if not value:
        return f"has an empty value of label {name!r}"
    if len(value) > LONGEST_VALUE:
        return f"has a value of label {name!r} longer than {LONGEST_VALUE}"
    if not any_name and not _LABEL_NAME.fullmatch(name):
        return f"has an invalid label name {name!r}"
    if not any_name and name == NAME and not _METRIC_NAME.fullmatch(value):
        return f"has an invalid metric name {value!r}"
    return ""


def target_resource(job: str, instance: str) -> dict[str, str]:
    """The resource a target stands for: job `shop/payments` is service `payments` of the namespace `shop`."""
    namespace, _, service = job.rpartition("/")
    resource = {SERVICE_NAME: service or job}
    if namespace and service:
        resource[SERVICE_NAMESPACE] = namespace
    if instance:
        resource[SERVICE_INSTANCE] = instance
    return resource
