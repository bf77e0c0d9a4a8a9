"""One SLO as the API, the page and the terminal say it: numbers as numbers, null where there is nothing to say. Nothing is rounded here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from .budget import ErrorBudget
from .forecast import CONFIDENCE, Chance, exhaustion
from .status import Status


def summarise(status: Status, since: float, alerts: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The JSON object of one SLO. `since` is when its state began (epoch seconds); `alerts` are its open ones, as the API says them."""
    return {
        "name": status.slo.name,
        "service": status.slo.service,
        "objective": str(status.slo.objective),
        "window": str(status.slo.window),
        "method": status.slo.method.value,
        "unit": status.slo.unit.value,
        "origin": status.slo.origin.value,
        "group_of": status.slo.group_of or None,
        "signal": status.slo.sli.signal,
        "state": status.state.value,
        "since": timestamp(since),
        "reason": status.reason,
        "data_age_seconds": status.data_age,
        "coverage": float(status.coverage),
        "events": _events(status),
        "budget": {**_budget(status.budget), "exhausted_in_seconds": _number(status.exhausted_in_seconds)},
        "more_budgets": {str(window): _budget(budget) for window, budget in status.more_budgets.items()},
        "burn_rates": {str(window): _number(rate) for window, rate in status.burn.items()},
        "alerts": list(alerts),
    }


def foresee(status: Status, found: Chance | None) -> dict[str, Any]:
    """The JSON object of an SLO's forecast: when its budget ends, and the chance of its promise; null where nothing is known."""
    lasting = exhaustion(status)
    return {
        "window": None if lasting is None else str(lasting.window),
        "failed": None if lasting is None else float(lasting.failed),
        "exhausted_earliest_seconds": None if lasting is None else lasting.earliest,
        "exhausted_latest_seconds": None if lasting is None else lasting.latest,
        "confidence": CONFIDENCE,
        "kept_probability": None if found is None else found.kept,
        "kept_until": None if found is None else timestamp(found.end),
        "history_seconds": None if found is None else found.seconds,
    }


def _events(status: Status) -> dict[str, float]:
    one = status.slo.unit.one
    counts = {**status.events._asdict(), "estimated_bad": status.estimated_bad}
    return counts if one == 1 else {name: count / one for name, count in counts.items()}


def _budget(budget: ErrorBudget) -> dict[str, float]:
    return {
        "allowed_events": float(budget.allowed),
        "spent_events": float(budget.spent) if isinstance(budget.spent, Fraction) else budget.spent,
        "remaining_ratio": float(budget.remaining_ratio),
        "remaining_events": float(budget.remaining_events),
        "remaining_seconds": float(budget.remaining_seconds),
    }


def timestamp(seconds: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, whole seconds: `2026-11-22T03:12:40Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
