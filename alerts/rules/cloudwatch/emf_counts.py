"""An SLO's events as CloudWatch counts them: the metrics that services write in the embedded metric format.

CloudWatch takes them out of log events at least once, knows nothing of 429 and 499 but that they are requests, and says of a silent
service what it says of one that nobody calls: nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ....slo import SLO, SLIKind, SpanKind, Unit, figures
from ....slo.sli import HTTP_SERVER_DURATION, Condition

Json = dict[str, Any]

NAMESPACE: Final[Json] = {"Ref": "MetricNamespace"}
"""A parameter: `FOURNINES_EMF_NAMESPACE` of the services."""

REQUESTS: Final = "http.server.requests"
ERRORS: Final = "http.server.errors"
DURATION: Final = HTTP_SERVER_DURATION
SERVICE: Final = "service.name"
METHOD: Final = "http.request.method"
ROUTE: Final = "http.route"
"""Names of metrics and dimensions: the instrumentation's."""

_LONGEST_VALUE: Final = 1_024
_TOTAL: Final = "total"
_PART: Final = "part"


@dataclass(frozen=True, slots=True)
class EmfCounts:
    """The two metrics that an SLO with `dimensions` is counted from."""

    slo: SLO
    dimensions: tuple[tuple[str, str], ...]

    @property
    def is_latency(self) -> bool:
        """Whether the second metric is of good events (those that were quick), and not of bad ones."""
        return self.slo.sli.kind is SLIKind.LATENCY

    @property
    def bad(self) -> str:
        """How many were bad, as metric math."""
        return f"({_TOTAL} - FILL({_PART}, 0))" if self.is_latency else _PART

    def burn(self, at_least: int) -> str:
        """The burn rate as metric math: 0 without traffic, and while fewer than `at_least` were bad."""
        counted = f"{self.bad} / {_TOTAL} / {figures.exact(self.slo.objective.allowed)}"
        return f"IF({_TOTAL} > 0, {counted if at_least <= 1 else f'IF({self.bad} >= {at_least}, {counted}, 0)'}, 0)"

    def total(self, period: int) -> Json:
        """The metric of all events, in periods of so many seconds."""
        name, stat = (DURATION, "SampleCount") if self.is_latency else (REQUESTS, "Sum")
        return self._metric(_TOTAL, name, period, stat)

    def part(self, period: int) -> Json:
        """The metric of the bad ones, or of a latency's good ones: a duration equal to the threshold is good."""
        if self.is_latency and self.slo.sli.threshold is not None:
            return self._metric(_PART, DURATION, period, f"TC(:{format(self.slo.sli.threshold.normalize(), 'f')})")
        return self._metric(_PART, ERRORS, period, "Sum")

    def _metric(self, name: str, metric: str, period: int, stat: str) -> Json:
        dimensions = [{"Name": key, "Value": value} for key, value in self.dimensions]
        identity = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
        return {"Id": name, "MetricStat": {"Metric": identity, "Period": period, "Stat": stat}, "ReturnData": False}


def why_not(slo: SLO) -> str:
    """Why CloudWatch has no metric of an SLO's events; empty where it has."""
    sli = slo.sli
    if slo.unit is not Unit.EVENTS:
        return "what it promises is no share of requests"
    if sli.signal != HTTP_SERVER_DURATION or sli.span_kind is not SpanKind.SERVER or slo.provider:
        return "services write embedded metrics of the requests that they answer, and of nothing else"
    if sli.good or sli.bad:
        return "which of its events are good is said by conditions, and CloudWatch counts by the usual table"
    if not _is_value(sli.service):
        return "the name of its service is no value of a dimension: printable ASCII, no colon first"
    if _dimensions(slo) is None:
        return f"CloudWatch knows requests by service, or by service, {METHOD} and {ROUTE}"
    return ""


def emf_counts(slo: SLO) -> EmfCounts:
    """Where its events are; `ValueError` where `why_not` says why they are nowhere."""
    dimensions, reason = _dimensions(slo), why_not(slo)
    if dimensions is None or reason:
        raise ValueError(reason)
    return EmfCounts(slo, dimensions)


def _dimensions(slo: SLO) -> tuple[tuple[str, str], ...] | None:
    service = (SERVICE, slo.sli.service)
    if not slo.sli.where:
        return (service,)
    asked = {condition.key: condition.value for condition in slo.sli.where if _is_one(condition)}
    if set(asked) != {METHOD, ROUTE} or len(slo.sli.where) != len(asked):
        return None
    return (service, (METHOD, asked[METHOD]), (ROUTE, asked[ROUTE]))


def _is_one(condition: Condition) -> bool:
    """Whether a condition names one value, as CloudWatch's dimensions can have it."""
    return condition.op == "==" and _is_value(condition.value)


def _is_value(text: str) -> bool:
    """Whether CloudWatch takes a text as it is: the instrumentation writes any other otherwise."""
    plain = text.isascii() and text.isprintable() and text == text.strip()
    return plain and not text.startswith(":") and 0 < len(text) <= _LONGEST_VALUE
