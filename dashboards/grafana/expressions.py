"""The PromQL expressions of the panels.

Gauges are reduced over whatever other labels the scrape adds (`instance`, `job`, `collector`), always towards the worse value, so
that two collectors never draw two lines for one SLO. No query falls back to a number where there is none: a panel over a collector
that is gone says "no data", never zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...alerts.rules.promql import string
from ...slo import SLO, TimeWindow
from ...slo.metric_names import ALERT_FIRING, BUDGET_REMAINING, BURN_RATE, EVENTS, OBJECTIVE

RATE_INTERVAL: Final = "$__rate_interval"
OF_SERVICE: Final = 'service=~"$service"'
OF_CHOSEN: Final = 'service=~"$service", slo=~"$slo"'
_LEAST_BURN: Final = "1e-9"


def of_slo(slo: SLO) -> str:
    """The label matchers that name one SLO."""
    return f"slo={string(slo.name)}, service={string(slo.service)}"


def budget_remaining(matchers: str) -> str:
    """Share of the error budget left, one value an SLO."""
    return f"min by (slo, service) ({BUDGET_REMAINING}{{{matchers}}})"


def objective(matchers: str) -> str:
    """The objective, one value an SLO."""
    return f"max by (slo, service) ({OBJECTIVE}{{{matchers}}})"


def burn(matchers: str, windows: Iterable[TimeWindow]) -> str:
    """Burn rates, one value an SLO and window."""
    return f"max by (slo, service, window) ({_burn_over(matchers, windows)})"


def fastest_burn(matchers: str, windows: Iterable[TimeWindow]) -> str:
    """The highest of the burn rates over `windows`, one value an SLO."""
    return f"max by (slo, service) ({_burn_over(matchers, windows)})"


def exhausted_in(slo: SLO) -> str:
    """Seconds until the budget is spent at the shortest window's burn; the whole window when it is later than that, or nobody calls."""
    left = budget_remaining(of_slo(slo))
    speed = f"clamp_min({fastest_burn(of_slo(slo), [min(slo.windows)])}, {_LEAST_BURN})"
    shrinking = f"clamp_max({slo.window.seconds} * clamp_min({left}, 0) / {speed}, {slo.window.seconds})"
    return f"{shrinking} or {slo.window.seconds} * ({left} > bool 0)"


def result(matchers: str) -> str:
    """Share of good events over each SLO's own window, as the collector computed it: from the budget that is left."""
    return f"1 - (1 - {budget_remaining(matchers)}) * (1 - {objective(matchers)})"


def counted(matchers: str, interval: str = "$__range") -> str:
    """Events within an interval, one value an SLO."""
    return f"sum by (slo, service) (increase({EVENTS}{{{matchers}}}[{interval}]))"


def event_rate(matchers: str, interval: str = RATE_INTERVAL, by: str = "slo, service") -> str:
    """Events a second."""
    return f"sum by ({by}) (rate({EVENTS}{{{matchers}}}[{interval}]))"


def bad_per_million(slo: SLO) -> str:
    """Failures per million events over five minutes; nothing without traffic."""
    bad = f'sum by (slo, service) (increase({EVENTS}{{{of_slo(slo)}, result="bad"}}[5m]))'
    total = f"sum by (slo, service) (increase({EVENTS}{{{of_slo(slo)}}}[5m]))"
    return f"1e6 * {bad} / ({total} > 0)"


def allowed_per_million(slo: SLO) -> str:
    """Failures per million events that the objective allows."""
    return f"1e6 * (1 - {objective(of_slo(slo))})"


def alerts(matchers: str) -> str:
    """0 or 1 for each severity of an SLO."""
    return f"max by (slo, service, severity) ({ALERT_FIRING}{{{matchers}}})"


def alert_level(matchers: str) -> str:
    """2 while an SLO's page fires, 1 while only its ticket does, 0 otherwise."""
    page = f'2 * {ALERT_FIRING}{{{matchers}, severity="page"}}'
    ticket = f'{ALERT_FIRING}{{{matchers}, severity="ticket"}}'
    quiet = f"0 * {OBJECTIVE}{{{matchers}}}"
    return f"max by (slo, service) ({page} or {ticket} or {quiet})"


def paging(matchers: str) -> str:
    """How many SLOs have a page firing."""
    return f"sum({alert_level(matchers)} == bool 2)"


def kept(matchers: str) -> str:
    """How many SLOs have budget left."""
    return f"sum({budget_remaining(matchers)} > bool 0)"


def exhausted(matchers: str) -> str:
    """How many SLOs have no budget left."""
    return f"sum({budget_remaining(matchers)} <= bool 0)"


def watched(matchers: str) -> str:
    """How many SLOs there are."""
    return f"count({objective(matchers)})"


def top(number: int, expression: str) -> str:
    """The `number` highest series."""
    return f"topk({number}, {expression})"


def worst_by_service(matchers: str) -> str:
    """The least budget left of each service."""
    return f"sort(min by (service) ({BUDGET_REMAINING}{{{matchers}}}))"


def _burn_over(matchers: str, windows: Iterable[TimeWindow]) -> str:
    alternatives = "|".join(str(window) for window in sorted(set(windows)))
    return f'{BURN_RATE}{{{matchers}, window=~"{alternatives}"}}'
