"""Pyrra's generic rules (`pyrra generate --generic-rules`): the same few records for every SLO, which dashboards ask for."""

from __future__ import annotations

from typing import Final

from .pyrra_counting import increase_name
from .pyrra_indicator import Indicator, Kind, Matcher, Metric

_AVAILABILITY: Final = "pyrra_availability"


def generic_rules(one: Indicator, window: str, slo: str) -> dict[str, str]:
    """The records of an indicator with their expressions; `window` is as Prometheus prints it."""
    if one.kind is Kind.GAUGE:
        return _of_samples(one, window, slo)
    of_slo = Matcher("slo", "=", slo)
    total, other = (Metric(increase_name(each, window), (*each.matchers, of_slo)) for each in (one.total, one.other))
    if one.kind is Kind.RATIO:
        share = f"1 - sum({other} or vector(0)) / sum({total})"
        return _records(share, _rate(one.total), f"{_rate(one.other)} or vector(0)")
    within = other if one.kind is Kind.LATENCY else other.with_matcher(Matcher("le", "=", one.boundary))
    share = f"sum({within} or vector(0)) / sum({total.with_matcher(Matcher('le', '=', ''))})"
    if one.kind is Kind.NATIVE:
        return {_AVAILABILITY: share}
    return _records(share, _rate(one.total), f"{_rate(one.total)} - {_rate(one.other)}")


def _records(share: str, requests: str, errors: str) -> dict[str, str]:
    return {_AVAILABILITY: share, "pyrra_requests:rate5m": requests, "pyrra_errors:rate5m": errors}


def _rate(metric: Metric) -> str:
    return f"sum(rate({metric}[5m]))"


def _of_samples(one: Indicator, window: str, slo: str) -> dict[str, str]:
    matchers = (*one.total.matchers, Matcher("slo", "=", slo))
    every, good = (f"sum({Metric(f'{one.total.name}:{kind}{window}', matchers)})" for kind in ("count", "sum"))
    return _records(f"{good} / {every}", every, f"{every} - {good}")
